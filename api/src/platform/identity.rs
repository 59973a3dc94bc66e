//! `GET /platform/v1/identity`

use axum::Json;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::StaffCaller;
use crate::error::ErrorBody;

/// Who a staff token speaks for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Identity {
    /// Always `identity`.
    object: &'static str,
    /// The person or machine.
    subject: String,
    /// `staff_admin`, `staff_operator` or `staff_read_only`.
    role: &'static str,
    /// Who vouches.
    issuer: String,
    /// Until when this token is accepted.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// Who am I. Every member of the staff may ask.
#[utoipa::path(
    get, path = "/platform/v1/identity", tag = "identity",
    responses((status = 200, body = Identity), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn retrieve(caller: StaffCaller) -> Json<Identity> {
    let identity = caller.identity();
    Json(Identity {
        object: "identity",
        subject: identity.subject.subject.clone(),
        role: identity.role.as_str(),
        issuer: identity.subject.issuer.clone(),
        expires_at: identity.expires_at,
    })
}
