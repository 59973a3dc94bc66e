//! `POST /v1/customers/{id}`

use axum::response::Response;
use kernel::CustomerId;
use payments::{
    Change, MetadataChange,
    customer::{self, CustomerUpdate},
};
use policies::UpdateCustomer;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Customer, CustomerAddress};
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
    v1,
};

/// What to change: a field left out stays, `null` removes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCustomerBody {
    /// Full name.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    name: Change<String>,
    /// E-mail address.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    email: Change<String>,
    /// Telephone number.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    phone: Change<String>,
    /// Postal address, as a whole.
    #[schema(value_type = Option<CustomerAddress>)]
    #[serde(default)]
    address: Change<CustomerAddress>,
    /// Tax number.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    tax_id: Change<String>,
    /// Merged with what is there; a key with `null` or an empty text is removed.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<String>>>)]
    #[serde(default)]
    metadata: MetadataChange,
}

impl From<UpdateCustomerBody> for CustomerUpdate {
    fn from(body: UpdateCustomerBody) -> Self {
        Self {
            name: body.name,
            email: body.email,
            phone: body.phone,
            tax_id: body.tax_id,
            address: body.address.map(Into::into),
            metadata: body.metadata,
        }
    }
}

/// Changes a customer.
#[utoipa::path(
    post, path = "/v1/customers/{id}", tag = "customers", request_body = UpdateCustomerBody,
    params(("id" = String, Path, description = "Its id."), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Customer), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn update(
    caller: Caller,
    PathText(id): PathText,
    body: Body<UpdateCustomerBody>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<UpdateCustomer>(&caller.attributes()).await?;
    let id: CustomerId = v1::id(&id, "customer", "id")?;
    let keys = caller.keys().await;
    let update = CustomerUpdate::from(body.value);
    caller
        .write(permit, keys, &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Customer::from(customer::update(&context, permit, id, update).await?)) })
        })
        .await
}
