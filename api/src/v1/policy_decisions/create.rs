//! `POST /v1/policy_decisions`

use axum::Json;
use kernel::{Amount, Currency};
use policies::{Country, CreatePolicyDecision};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{ApiError, Caller, error::ErrorBody, parameters::Body};

/// A question to the policies: may this role do that, under these circumstances?
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePolicyDecisionBody {
    /// The role asked about.
    role: String,
    /// Resource kind, such as `wallet_transfer`.
    object: String,
    /// Verb, such as `create`.
    action: String,
    /// Minor units.
    #[schema(value_type = Option<i64>)]
    amount: Option<Amount>,
    /// ISO 4217, lower case.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// ISO 3166-1 alpha-2, lower case: where the request comes from.
    #[schema(value_type = Option<String>)]
    country: Option<Country>,
    /// Whether more than one factor was used at the sign-in.
    #[serde(default)]
    mfa: bool,
    /// Whether the object is the asker's own.
    own: Option<bool>,
}

/// Which rule decided, and why. Nothing is done and nothing stored.
#[derive(Serialize, ToSchema)]
pub struct PolicyDecision {
    /// Always `policy_decision`.
    object: &'static str,
    /// `allowed`, `reach`, `rule`, `reason` and every rule `considered`.
    #[schema(value_type = Object)]
    explanation: Value,
}

/// Explains what the policies would decide.
#[utoipa::path(
    post, path = "/v1/policy_decisions", tag = "policy_decisions", request_body = CreatePolicyDecisionBody,
    responses((status = 200, body = PolicyDecision), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody))
)]
pub async fn create(caller: Caller, body: Body<CreatePolicyDecisionBody>) -> Result<Json<PolicyDecision>, ApiError> {
    let _permit = caller.permit::<CreatePolicyDecision>(&caller.attributes()).await?;
    let asked = body.value;
    let mut attributes = caller.attributes().with_mfa(asked.mfa);
    if let Some(amount) = asked.amount {
        attributes = attributes.with_amount(amount);
    }
    if let Some(currency) = asked.currency {
        attributes = attributes.with_currency(currency);
    }
    if let Some(country) = asked.country {
        attributes = attributes.with_country(country);
    }
    if let Some(own) = asked.own {
        attributes = attributes.with_own(own);
    }
    let explanation = caller.snapshot().await?.explain(&asked.role, &asked.object, &asked.action, &attributes);
    let explanation = serde_json::to_value(explanation).map_err(|error| ApiError::internal().caused_by(error))?;
    Ok(Json(PolicyDecision { object: "policy_decision", explanation }))
}
