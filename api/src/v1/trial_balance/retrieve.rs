//! `GET /v1/trial_balance`

use axum::Json;
use payments::{KeyAccess, trial_balance};
use policies::RetrieveTrialBalance;
use serde::Deserialize;
use utoipa::IntoParams;

use super::TrialBalance;
use crate::{ApiError, Caller, error::ErrorBody, parameters::Query, v1::moment::Moment};

/// As of when.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrialBalanceQuery {
    /// A moment that has come, as Unix seconds or RFC 3339; now when absent.
    #[param(value_type = Option<String>)]
    at: Option<Moment>,
}

/// The sums of all accounts, now or by everything that had occurred at a moment.
#[utoipa::path(
    get, path = "/v1/trial_balance", tag = "ledger", params(TrialBalanceQuery),
    responses((status = 200, body = TrialBalance), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, Query(query): Query<TrialBalanceQuery>) -> Result<Json<TrialBalance>, ApiError> {
    let permit = caller.permit::<RetrieveTrialBalance>(&caller.attributes()).await?;
    let at = query.at.map(|moment| moment.0);
    let livemode = caller.scope().environment().mode.is_live();
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move {
                let columns = trial_balance::retrieve(&context, permit, at).await?;
                Ok(TrialBalance::of(&columns, at.unwrap_or_else(|| context.clock.now()), livemode))
            })
        })
        .await
}
