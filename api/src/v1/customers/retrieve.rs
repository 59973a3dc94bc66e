//! `GET /v1/customers/{id}`

use axum::Json;
use kernel::CustomerId;
use payments::customer;
use policies::RetrieveCustomer;

use super::Customer;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1};

/// One customer.
#[utoipa::path(
    get, path = "/v1/customers/{id}", tag = "customers", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = Customer), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(id): PathText) -> Result<Json<Customer>, ApiError> {
    let permit = caller.permit::<RetrieveCustomer>(&caller.attributes()).await?;
    let id: CustomerId = v1::id(&id, "customer", "id")?;
    let keys = caller.keys().await;
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(async move { Ok(Customer::from(customer::retrieve(&context, permit, id).await?)) })
        })
        .await
}
