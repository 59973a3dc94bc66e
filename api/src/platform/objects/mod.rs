//! The objects of the staff API as they are sent.

mod api_key_rotation;
pub mod described;
mod kms_key;
mod ledger_audit;
mod list;
mod operation;
mod plan;
mod tenant;

pub use api_key_rotation::{ApiKeyRotation, RotatedApiKey};
pub use kms_key::KmsKey;
pub use ledger_audit::{AuditedEnvironment, LedgerAudit, LedgerAuditRequest};
pub use list::{List, PageQuery};
pub use operation::{AppliedPlan, Operation, OperationStep, Progress};
pub use plan::Plan;
pub use tenant::{Environment, EnvironmentKey, Tenant};
