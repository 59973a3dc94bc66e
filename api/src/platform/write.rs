//! Writing: permitted, carried out in a task of its own, answered in one shape, recorded when refused.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use policies::{Action, Permit};
use serde::{Deserialize, Serialize};
use tenancy::provisioning::{Change, ControlError, ControlPlane, Reply, StaffCall};
use utoipa::{IntoParams, ToSchema};

use super::{StaffCaller, objects::described};
use crate::{ApiError, parameters::Query};

/// The query of every write.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WriteQuery {
    /// Check everything, say what would change, and change nothing.
    #[serde(default)]
    dry_run: bool,
}

/// The answer to a write.
#[derive(Debug, Serialize, ToSchema)]
pub struct WriteReply<T> {
    /// Whether anything is different now.
    changed: bool,
    /// `created`, `updated`, `unchanged`, …
    action: &'static str,
    /// The object as it is now.
    object: T,
    /// The operation that did or does it.
    operation_id: Option<String>,
    /// This request.
    request_id: String,
}

/// The answer to a write with `dry_run`.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRun {
    /// Always true.
    dry_run: bool,
    /// What would be done.
    #[schema(value_type = Vec<described::Change>)]
    changes: Vec<Change>,
}

/// A body without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFields {}

/// The slug typed again, for what cannot be undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The tenant's slug.
    pub(super) confirm: Option<String>,
}

impl StaffCaller {
    /// Carries out a write that `permit` allows. A client that hangs up does not cut it in the middle.
    pub(super) async fn write<A, T, V, W, F>(
        self,
        permit: Permit<A>,
        target: Option<String>,
        query: Result<Query<WriteQuery>, ApiError>,
        work: W,
    ) -> Result<Response, ApiError>
    where
        A: Action,
        T: Send + 'static,
        V: From<T> + Serialize,
        W: FnOnce(ControlPlane, StaffCall) -> F,
        F: Future<Output = Result<Reply<T>, ControlError>> + Send + 'static,
    {
        let Query(query) = self.accept(&permit, target.as_deref(), query).await?;
        let control = self.control(&permit).clone();
        let call = StaffCall { dry_run: query.dry_run, ..self.call().clone() };
        let ended = control
            .spawn(work(control.clone(), call.clone()))
            .await
            .map_err(|error| ApiError::internal().caused_by(error))?;
        match ended {
            Ok(Reply::Planned(changes)) => Ok(Json(DryRun { dry_run: true, changes }).into_response()),
            Ok(Reply::Written(written)) => Ok(Json(WriteReply {
                changed: written.changed,
                action: written.action,
                object: V::from(written.object),
                operation_id: written.operation.map(|id| id.to_string()),
                request_id: call.request.to_string(),
            })
            .into_response()),
            Err(error) => {
                if let ControlError::Refused(refusal) = &error {
                    self.record_refusal::<A>(target.as_deref(), &refusal.code).await;
                }
                Err(error.into())
            }
        }
    }
}
