//! `POST /v1/customers`

use axum::response::Response;
use payments::customer::{self, CustomerDraft};
use policies::CreateCustomer;
use serde::Deserialize;
use tenancy::actor::Subject;
use utoipa::ToSchema;

use super::{Customer, CustomerAddress};
use crate::{ApiError, Caller, error::ErrorBody, parameters::Body, v1::Metadata};

/// What a new customer is made of. An end user's token links it to himself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCustomerBody {
    /// Full name.
    name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Postal address.
    address: Option<CustomerAddress>,
    /// Tax number.
    tax_id: Option<String>,
    /// The person at the tenant's identity provider whose customer this is.
    identity: Option<CustomerIdentity>,
    /// The merchant's own key-value pairs.
    #[serde(default)]
    metadata: Metadata,
}

/// A person as an issuer knows him.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerIdentity {
    /// The issuer's URL.
    issuer: String,
    /// The subject it vouches for.
    subject: String,
}

impl From<CreateCustomerBody> for CustomerDraft {
    fn from(body: CreateCustomerBody) -> Self {
        Self {
            name: body.name,
            email: body.email,
            phone: body.phone,
            tax_id: body.tax_id,
            address: body.address.map(Into::into),
            subject: body.identity.map(|identity| Subject { issuer: identity.issuer, subject: identity.subject }),
            metadata: body.metadata,
        }
    }
}

/// Makes a customer; every personal field is sealed under the environment's key.
#[utoipa::path(
    post, path = "/v1/customers", tag = "customers", request_body = CreateCustomerBody, params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Customer), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateCustomerBody>) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateCustomer>(&caller.attributes()).await?;
    let keys = caller.keys().await;
    let draft = CustomerDraft::from(body.value);
    caller
        .write(permit, keys, &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Customer::from(customer::create(&context, permit, draft).await?)) })
        })
        .await
}
