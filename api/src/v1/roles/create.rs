//! `POST /v1/roles`

use axum::response::Response;
use payments::KeyAccess;
use policies::{
    CreateRole,
    role::{self, RoleDraft, RuleDraft},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Role, RoleRuleBody};
use crate::{ApiError, Caller, error::ErrorBody, parameters::Body};

/// What the new role is made of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRoleBody {
    /// Lower-case letters, digits and underscores.
    name: String,
    /// For people.
    #[serde(default)]
    description: String,
    /// What it may; nothing wider than what the caller holds himself.
    #[serde(default)]
    rules: Vec<RoleRuleBody>,
}

/// Defines a role.
#[utoipa::path(
    post, path = "/v1/roles", tag = "roles", request_body = CreateRoleBody, params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Role), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreateRoleBody>) -> Result<Response, ApiError> {
    let permit = caller.permit::<CreateRole>(&caller.attributes()).await?;
    let snapshot = caller.snapshot().await?;
    let changed = caller.policies_changed();
    let CreateRoleBody { name, description, rules } = body.value;
    let draft = RoleDraft { name, description, rules: rules.into_iter().map(RuleDraft::from).collect() };
    let reply = caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move {
                let role = role::create(context.tx, permit, &snapshot, draft, context.clock, context.entropy).await?;
                Role::try_from(role)
            })
        })
        .await?;
    changed.announce().await;
    Ok(reply)
}
