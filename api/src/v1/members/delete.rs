//! `DELETE /v1/members/{id}`

use axum::response::Response;
use kernel::MemberId;
use payments::{KeyAccess, member};
use policies::DeleteMember;

use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::PathText,
    v1::{self, deleted::Deleted},
};

/// Removes a member.
#[utoipa::path(
    delete, path = "/v1/members/{id}", tag = "members", params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, body = Deleted), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn delete(caller: Caller, PathText(id): PathText) -> Result<Response, ApiError> {
    let permit = caller.permit::<DeleteMember>(&caller.attributes()).await?;
    let id: MemberId = v1::id(&id, "member", "id")?;
    let snapshot = caller.snapshot().await?;
    caller
        .write(permit, KeyAccess::not_fetched(), "", move |context, permit| {
            Box::pin(async move {
                member::delete(&context, permit, &snapshot, id).await?;
                Ok(Deleted::new("member", id))
            })
        })
        .await
}
