//! `POST /v1/members`

use axum::response::Response;
use payments::{
    KeyAccess,
    member::{self, MemberDraft},
};
use policies::CreateMember;
use serde::Deserialize;
use tenancy::actor::Subject;
use utoipa::ToSchema;

use super::Member;
use crate::{ApiError, Caller, error::ErrorBody, parameters::Body};

/// Who is added, as what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMemberBody {
    /// The issuer's URL.
    issuer: String,
    /// The subject it vouches for.
    subject: String,
    /// A role that the caller holds at least as widely himself.
    role: String,
}

/// Adds a person to the merchant's staff.
#[utoipa::path(
    post, path = "/v1/members", tag = "members", request_body = CreateMemberBody, params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Member), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateMemberBody>) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateMember>(&caller.attributes()).await?;
    let snapshot = caller.snapshot().await?;
    let CreateMemberBody { issuer, subject, role } = body.value;
    let draft = MemberDraft { subject: Subject { issuer, subject }, role };
    caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move { Ok(Member::from(member::create(&context, permit, &snapshot, draft).await?)) })
        })
        .await
}
