//! `GET /v1/wallet_holds/{id}`

use axum::Json;
use payments::{KeyAccess, wallet_hold};
use policies::RetrieveWalletHold;

use super::WalletHold;
use crate::{ApiError, Caller, error::ErrorBody, parameters::PathText, v1};

/// One hold.
#[utoipa::path(
    get, path = "/v1/wallet_holds/{id}", tag = "wallet_holds", params(("id" = String, Path)),
    responses((status = 200, body = WalletHold), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: Caller, PathText(id): PathText) -> Result<Json<WalletHold>, ApiError> {
    let permit = caller.permit::<RetrieveWalletHold>(&caller.attributes()).await?;
    let id = v1::id(&id, "wallet hold", "id")?;
    caller
        .read(permit, KeyAccess::not_fetched(), move |context, permit| {
            Box::pin(async move { Ok(WalletHold::from(wallet_hold::retrieve(&context, permit, id).await?)) })
        })
        .await
}
