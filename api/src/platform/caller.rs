//! From the headers of a request to a member of the staff.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use kernel::RequestId;
use policies::{Action, Attributes, Permit, PolicySnapshot, Subject};
use tenancy::{
    idempotency::{IdempotencyKey, KEY_LENGTH_MAX},
    identity::StaffIdentity,
    provisioning::{ControlPlane, StaffCall},
};

use super::PlatformState;
use crate::{ApiError, request_id::CurrentRequest};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const REASON: &str = "tessera-reason";
const HOST: &str = "tessera-host";

/// Who asks for what: made only from a verified staff token.
#[derive(Debug)]
pub struct StaffCaller {
    control: ControlPlane,
    identity: StaffIdentity,
    call: StaffCall,
}

impl FromRequestParts<PlatformState> for StaffCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &PlatformState) -> Result<Self, ApiError> {
        let Ok(CurrentRequest(request)) = CurrentRequest::from_request_parts(parts, state).await;
        let identity = state.staff.verify_bearer(bearer(&parts.headers)?).await?;
        tracing::Span::current().record("actor", tracing::field::display(identity.role));
        let call = staff_call(&parts.headers, request, &identity)?;
        Ok(Self { control: state.control.clone(), identity, call })
    }
}

impl StaffCaller {
    /// What does the work, for whoever shows a permit.
    pub const fn control<A: Action>(&self, _permit: &Permit<A>) -> &ControlPlane {
        &self.control
    }

    /// Who asks.
    pub const fn identity(&self) -> &StaffIdentity {
        &self.identity
    }

    /// The same, as the control plane records it.
    pub(super) fn call(&self) -> &StaffCall {
        &self.call
    }

    /// What was sent to be done, or its refusal, which is in the audit log too.
    pub(super) async fn accept<A: Action, T>(
        &self,
        _permit: &Permit<A>,
        target: Option<&str>,
        sent: Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        if let Err(error) = &sent {
            self.record_refusal::<A>(target, error.code()).await;
        }
        sent
    }

    /// Appends to the audit log that this person asked for `A` and was refused.
    pub(super) async fn record_refusal<A: Action>(&self, target: Option<&str>, code: &str) {
        self.control.record_refusal(&self.call, A::NAME_IN_AUDIT, target, code).await;
    }

    /// The proof that this person may do `A` to `target`, or a refusal that is in the audit log.
    pub async fn permit<A: Action>(&self, target: Option<&str>) -> Result<Permit<A>, ApiError> {
        let snapshot = PolicySnapshot::platform().map_err(|error| ApiError::internal().caused_by(error))?;
        let attributes = Attributes::at(self.control.clock().now()).with_mfa(self.identity.multi_factor);
        match snapshot.permit::<A>(&Subject::staff(self.identity.role.as_str()), &attributes) {
            Ok(permit) => Ok(permit),
            Err(refusal) => {
                self.record_refusal::<A>(target, refusal.code()).await;
                Err(ApiError::from(refusal))
            }
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(unauthenticated()) };
    let text = value.to_str().map_err(|_| unauthenticated())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(unauthenticated()) }
}

fn unauthenticated() -> ApiError {
    ApiError::unauthenticated()
}

fn staff_call(headers: &HeaderMap, request: RequestId, identity: &StaffIdentity) -> Result<StaffCall, ApiError> {
    let call = StaffCall::new(&identity.subject.subject, request);
    let request_key = match headers.get(IDEMPOTENCY_KEY) {
        None => call.request_key,
        Some(value) => {
            let key = value.to_str().ok().and_then(|text| IdempotencyKey::parse(text).ok());
            let message = || format!("An Idempotency-Key has 1 to {KEY_LENGTH_MAX} printable ASCII characters.");
            let refuse = || ApiError::invalid("parameter_invalid", message()).with_param("Idempotency-Key");
            key.ok_or_else(refuse)?.as_str().to_owned()
        }
    };
    Ok(StaffCall { request_key, reason: text(headers, REASON)?, host: text(headers, HOST)?, ..call })
}

/// A header that may be in any language: its bytes are UTF-8.
fn text(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| {
        ApiError::invalid("parameter_invalid", format!("The header `{name}` must be UTF-8.")).with_param(name)
    })?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
