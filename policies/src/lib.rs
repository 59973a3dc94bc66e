//! Who may do what: built-in and tenant-defined roles, conditions, and the proof of a decision.
//!
//! Casbin decides, on snapshots that never change. A check returns a [`Permit`], which the domain's
//! functions require; everything that is not plainly permitted is refused, errors included.
#![expect(clippy::similar_names, reason = "role and rule are the words of the subject")]

mod action;
mod attribute;
mod builtin;
mod conditions;
mod country;
mod engine;
mod live;
mod name;
mod permit;
mod refusal;
pub mod role;
mod snapshot;
mod source;

pub use action::{
    ACTIONS, Action, ActionEntry, ApplyPlan, AuditLedger, CancelOperation, CaptureWalletHold, CloseWallet,
    CreateApiKey, CreateCustomer, CreateFxConversion, CreateFxQuote, CreateFxRate, CreateLedgerAudit, CreateMember,
    CreateMigration, CreatePlan, CreatePolicyDecision, CreateRole, CreateTenant, CreateWallet, CreateWalletHold,
    CreateWalletTransfer, DeleteApiKey, DeleteMember, DeleteRole, DestroyKey, DisableKey, EnableKey, ExpireWalletHold,
    FreezeWallet, FundWallet, ListApiKeys, ListAuditRecords, ListCustomers, ListFxConversions, ListFxQuotes,
    ListFxRates, ListKeys, ListLedgerAudits, ListMembers, ListMigrations, ListOperations, ListRoles, ListTenants,
    ListWalletHolds, ListWalletTransfers, ListWallets, OffboardTenant, Place, ReleaseWalletHold, ResumeOperation,
    ResumeTenant, RetrieveAuditRecord, RetrieveCustomer, RetrieveFxConversion, RetrieveFxQuote, RetrieveFxSettings,
    RetrieveKey, RetrieveLedgerAudit, RetrieveMigration, RetrieveOperation, RetrieveRole, RetrieveTenant,
    RetrieveTrialBalance, RetrieveWallet, RetrieveWalletHold, RetrieveWalletTransfer, ReverseWalletTransfer, RotateKey,
    SuspendTenant, UpdateCustomer, UpdateFxSettings, UpdateMember, UpdateRole, UpdateTenant, find,
};
pub use attribute::{Attribute, Attributes, Hour, HourError};
pub use conditions::{CODES_MAX, ConditionError, Conditions, Hours, HoursError};
pub use country::{Country, CountryError};
pub use live::{LoadError, Policies, PolicyBounds, PolicySource, SourceError};
pub use name::{CUSTOMER, OWNER, RoleName, RoleNameError, STAFF_ROLES, SYSTEM_ROLES, TENANT_ROLES, is_built_in};
pub use permit::{Domain, ForeignPermit, Permit, Reach, RuleRef, Subject};
pub use refusal::Refusal;
pub use snapshot::{
    Considered, Explanation, PolicyRows, PolicySnapshot, ROLES_MAX, RULES_PER_ACTION_MAX, RULES_PER_ROLE_MAX, RuleRow,
    SnapshotError,
};
pub use source::TenantPolicySource;
