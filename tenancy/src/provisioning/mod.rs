//! Tenants from nothing to nothing: provisioning, migration, keys, and the long jobs that do it.
//!
//! Everything here runs as the control role. A tenant is made by a state machine whose every step is committed
//! together with the record that it was done, so a run that dies is taken up where it was; the router admits only what
//! is `active`. Merchant data is neither read nor written, except for first members and key material under wraps.

mod audit;
mod call;
mod canonical;
mod control_plane;
mod environment;
mod error;
mod keys;
mod ledger_audit;
mod migrate;
mod operation;
mod plan;
mod refusal;
mod reply;
mod spec;
mod sql;
mod tenant;

pub use call::StaffCall;
pub use control_plane::{ControlConfigError, ControlPlane, ControlPlaneConfig, ControlPlaneParts};
pub use environment::{Environment, EnvironmentState};
pub use error::ControlError;
pub use keys::{ApiKeyRotation, ApiKeyRotationRequest, KmsKey, NewApiKey};
pub use ledger_audit::{LEDGER_AUDIT_JOB, LedgerAudit, LedgerAuditFilter, LedgerAuditRequest, LedgerAuditStatus};
pub use migrate::MigrationRequest;
pub use operation::{
    Moment, Operation, OperationFilter, OperationKind, OperationState, OperationStep, Progress, StepEvent,
    StepObserver, Verdict, WAIT_SECONDS_MAX,
};
pub use plan::{PLAN_TENANTS_MAX, Plan};
pub use refusal::{Failure, Refusal, RefusalClass, RefusalDetails};
pub use reply::{Change, Reply, Written};
pub use spec::{
    IssuerSpec, IssuerUpdate, KeyReferences, MEMBER_ROLES, MemberSpec, SpecRules, TenantSpec, TenantUpdate,
};
pub use tenant::{Tenant, TenantFilter, TenantStatus};
