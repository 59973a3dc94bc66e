//! Asking the policies, and recording every refusal.

use kernel::EnvironmentId;
use policies::{Action, Attributes, Permit, PolicySnapshot, Refusal, Subject};
use std::sync::Arc;
use tenancy::{
    TenantTx, UnitError,
    audit::{self, Outcome, Record},
};

use super::Caller;
use crate::ApiError;

impl Caller {
    /// What policies know of every request; a handler adds amount and currency where there are some.
    pub fn attributes(&self) -> Attributes {
        let attributes = Attributes::at(self.api.clock.now()).with_mfa(self.scope.actor().multi_factor());
        self.country.into_iter().fold(attributes, Attributes::with_country)
    }

    /// The proof that this caller may do `A`, or a refusal that is in the audit log.
    pub async fn permit<A: Action>(&self, attributes: &Attributes) -> Result<Permit<A>, ApiError> {
        match self.api.policies.permit::<A>(&self.subject(), attributes).await {
            Ok(permit) => Ok(permit),
            Err(refusal) if refusal.is_unavailable() => Err(ApiError::from(refusal)),
            Err(refusal) => {
                self.record_refusal(A::NAME_IN_AUDIT, refusal.code()).await?;
                Err(ApiError::from(refusal))
            }
        }
    }

    /// Who asks, as policies see him.
    pub fn subject(&self) -> Subject {
        Subject::tenant(self.environment(), self.scope.actor().role())
    }

    /// The rules of the caller's environment, for questions about granting.
    pub async fn snapshot(&self) -> Result<Arc<PolicySnapshot>, ApiError> {
        Ok(self.api.policies.snapshot(self.environment()).await?)
    }

    fn environment(&self) -> EnvironmentId {
        self.scope.environment().id
    }

    async fn record_refusal(&self, action: &'static str, code: &'static str) -> Result<(), ApiError> {
        let (api, scope, request) = (self.api.clone(), self.scope.clone(), self.request);
        let append = move |tx: TenantTx| async move {
            let record = Record {
                actor: scope.actor(),
                action,
                target: None,
                outcome: Outcome::Refused(code),
                rule: None,
                request,
            };
            audit::append(&tx, record, api.clock.as_ref(), api.entropy.as_ref()).await?;
            Ok::<_, ApiError>(tx.commit(()).await.map_err(UnitError::from)?)
        };
        self.api.units.run(Arc::clone(self.scope.environment()), append).await
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        if refusal.is_unavailable() {
            return Self::unavailable("policies_unavailable", "The policies cannot be read at the moment.")
                .caused_by(refusal);
        }
        Self::forbidden().caused_by(refusal)
    }
}
