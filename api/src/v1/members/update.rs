//! `POST /v1/members/{id}`

use axum::response::Response;
use kernel::MemberId;
use payments::{KeyAccess, member};
use policies::UpdateMember;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Member;
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
    v1,
};

/// The new role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMemberBody {
    /// A role that the caller holds at least as widely himself.
    role: String,
}

/// Gives a member another role.
#[utoipa::path(
    post, path = "/v1/members/{id}", tag = "members", request_body = UpdateMemberBody,
    params(("id" = String, Path, description = "Its id."), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Member), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn update(
    caller: Caller,
    PathText(id): PathText,
    body: Body<UpdateMemberBody>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<UpdateMember>(&caller.attributes()).await?;
    let id: MemberId = v1::id(&id, "member", "id")?;
    let snapshot = caller.snapshot().await?;
    let role = body.value.role;
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Member::from(member::update(&context, permit, &snapshot, id, role).await?)) })
        })
        .await
}
