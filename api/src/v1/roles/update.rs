//! `POST /v1/roles/{name}`

use axum::response::Response;
use payments::KeyAccess;
use policies::{
    UpdateRole,
    role::{self, RoleUpdate, RuleDraft},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Role, RoleRuleBody};
use crate::{
    ApiError, Caller,
    error::ErrorBody,
    parameters::{Body, PathText},
};

/// What to change: a field left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRoleBody {
    /// For people.
    description: Option<String>,
    /// All rules anew.
    rules: Option<Vec<RoleRuleBody>>,
}

/// Changes a role that the tenant defined.
#[utoipa::path(
    post, path = "/v1/roles/{name}", tag = "roles", request_body = UpdateRoleBody,
    params(("name" = String, Path, description = "Its name."), ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses((status = 200, body = Role), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn update(
    caller: Caller,
    PathText(name): PathText,
    body: Body<UpdateRoleBody>,
) -> Result<Response, ApiError> {
    let permit = caller.permit::<UpdateRole>(&caller.attributes()).await?;
    let snapshot = caller.snapshot().await?;
    let changed = caller.policies_changed();
    let UpdateRoleBody { description, rules } = body.value;
    let rules = rules.map(|rules| rules.into_iter().map(RuleDraft::from).collect());
    let update = RoleUpdate { name, description, rules };
    let reply = caller
        .write(permit, KeyAccess::not_fetched(), &body.canonical, move |context, permit| {
            Box::pin(async move {
                let (clock, entropy) = (context.clock, context.entropy);
                let role = role::update(context.tx, permit, &snapshot, update, clock, entropy).await?;
                Role::try_from(role)
            })
        })
        .await?;
    changed.announce().await;
    Ok(reply)
}
