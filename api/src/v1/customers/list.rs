//! `GET /v1/customers`

use axum::Json;
use kernel::CustomerId;
use payments::customer::{self, CustomerFilter};
use policies::ListCustomers;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Customer;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::Query,
    v1::list::{List, PageQuery},
};

/// Which customers, and which page of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListCustomersQuery {
    /// Only with this e-mail address.
    email: Option<String>,
    /// How many items, 1 to 100; 10 when absent.
    limit: Option<i64>,
    /// The page behind this object.
    starting_after: Option<String>,
    /// The page before this object.
    ending_before: Option<String>,
}

/// Customers, newest first.
#[utoipa::path(
    get, path = "/v1/customers", tag = "customers", params(ListCustomersQuery),
    responses((status = 200, body = List<Customer>), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn list(caller: Caller, Query(query): Query<ListCustomersQuery>) -> Result<Json<List<Customer>>, ApiError> {
    let permit = caller.permit::<ListCustomers>(&caller.attributes()).await?;
    let filter = CustomerFilter { email: query.email };
    let page =
        PageQuery::new(query.limit, query.starting_after, query.ending_before).request::<CustomerId>("customer")?;
    let keys = caller.keys().await;
    caller
        .read(permit, keys, move |context, permit| {
            Box::pin(
                async move { Ok(List::of(customer::list(&context, permit, filter, page).await?, "/v1/customers")) },
            )
        })
        .await
}
