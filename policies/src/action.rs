//! Every action of the product, once: a type that names it, its object and its verb.
//!
//! A domain function asks for `&Permit<CreateWallet>`; the table below is the only place that can
//! make such an action up.

use std::fmt;

use crate::attribute::Attribute::{self, Amount, Country, Currency, Hour, Mfa, Own};

mod sealed {
    pub trait Sealed {}
}

/// Something an actor may be permitted to do. Implemented only by the types of this module.
pub trait Action: sealed::Sealed + Send + Sync + 'static {
    /// The action's row in [`ACTIONS`].
    const ENTRY: &'static ActionEntry;
    /// The type's name, such as `CreateWalletTransfer`.
    const NAME: &'static str = Self::ENTRY.name;
    /// The resource kind, such as `wallet_transfer`.
    const OBJECT: &'static str = Self::ENTRY.object;
    /// The verb, such as `create`.
    const ACT: &'static str = Self::ENTRY.act;
    /// Object and verb as the audit log has them, such as `wallet_transfer.create`.
    const NAME_IN_AUDIT: &'static str = Self::ENTRY.name_in_audit;
    /// The attributes a decision about this action may rest on.
    const ATTRIBUTES: &'static [Attribute] = Self::ENTRY.attributes;
}

/// One action as data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ActionEntry {
    /// The type's name, such as `CreateWalletTransfer`.
    pub name: &'static str,
    /// The resource kind, such as `wallet_transfer`.
    pub object: &'static str,
    /// The verb, such as `create`.
    pub act: &'static str,
    /// Object and verb as the audit log has them, such as `wallet_transfer.create`.
    pub name_in_audit: &'static str,
    /// Where it is done.
    pub place: Place,
    /// The attributes a decision about this action may rest on.
    pub attributes: &'static [Attribute],
    /// Position in [`ACTIONS`].
    pub(crate) index: usize,
}

impl fmt::Debug for ActionEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({}/{})", self.name, self.object, self.act)
    }
}

/// Where an action is done, and so which roles can hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a tenant's environment.
    Environment,
    /// In the control plane.
    Platform,
}

macro_rules! actions {
    ($($(#[$meta:meta])* $name:ident = $object:literal / $act:literal in $place:ident, $attributes:expr;)*) => {
        #[derive(Clone, Copy)]
        enum Position {
            $($name,)*
        }

        $(
            $(#[$meta])*
            #[derive(Debug)]
            pub enum $name {}

            impl sealed::Sealed for $name {}

            impl Action for $name {
                const ENTRY: &'static ActionEntry = &ActionEntry {
                    name: stringify!($name),
                    object: $object,
                    act: $act,
                    name_in_audit: concat!($object, ".", $act),
                    place: Place::$place,
                    attributes: $attributes,
                    index: Position::$name as usize,
                };
            }
        )*

        /// All actions, in the order of their positions.
        pub const ACTIONS: &[ActionEntry] = &[$(*<$name as Action>::ENTRY,)*];
    };
}

/// What is known of every request.
const CALLER: &[Attribute] = &[Hour, Country, Mfa];
/// What is known where the object may belong to the actor himself.
const OWNED: &[Attribute] = &[Own, Hour, Country, Mfa];
/// What is known where a currency is chosen.
const OWNED_IN_CURRENCY: &[Attribute] = &[Currency, Own, Hour, Country, Mfa];
/// What is known where money moves.
const MOVEMENT: &[Attribute] = &[Amount, Currency, Own, Hour, Country, Mfa];

actions! {
    /// Register a customer.
    CreateCustomer = "customer" / "create" in Environment, OWNED;
    /// Read one customer.
    RetrieveCustomer = "customer" / "retrieve" in Environment, OWNED;
    /// Read customers by page or email.
    ListCustomers = "customer" / "list" in Environment, OWNED;
    /// Change a customer's data.
    UpdateCustomer = "customer" / "update" in Environment, OWNED;
    /// Open a wallet.
    CreateWallet = "wallet" / "create" in Environment, OWNED_IN_CURRENCY;
    /// Read one wallet with its balance.
    RetrieveWallet = "wallet" / "retrieve" in Environment, OWNED;
    /// Read wallets by page.
    ListWallets = "wallet" / "list" in Environment, OWNED;
    /// Put test money into a wallet.
    FundWallet = "wallet" / "fund" in Environment, MOVEMENT;
    /// Move money between two wallets.
    CreateWalletTransfer = "wallet_transfer" / "create" in Environment, MOVEMENT;
    /// Undo a transfer by its opposite.
    ReverseWalletTransfer = "wallet_transfer" / "reverse" in Environment, CALLER;
    /// Keep money of a wallet back for another.
    CreateWalletHold = "wallet_hold" / "create" in Environment, MOVEMENT;
    /// Move held money.
    CaptureWalletHold = "wallet_hold" / "capture" in Environment, CALLER;
    /// End a hold.
    ReleaseWalletHold = "wallet_hold" / "release" in Environment, CALLER;
    /// End a hold whose time is over.
    ExpireWalletHold = "wallet_hold" / "expire" in Environment, CALLER;
    /// Read one hold.
    RetrieveWalletHold = "wallet_hold" / "retrieve" in Environment, CALLER;
    /// Read holds by page.
    ListWalletHolds = "wallet_hold" / "list" in Environment, CALLER;
    /// Let a wallet take and give nothing for a while, or again.
    FreezeWallet = "wallet" / "freeze" in Environment, CALLER;
    /// Let an empty wallet take and give nothing for ever.
    CloseWallet = "wallet" / "close" in Environment, CALLER;
    /// Read one transfer.
    RetrieveWalletTransfer = "wallet_transfer" / "retrieve" in Environment, OWNED;
    /// Read transfers by page.
    ListWalletTransfers = "wallet_transfer" / "list" in Environment, OWNED;
    /// Publish exchange rates, by hand or from a file.
    CreateFxRate = "fx_rate" / "create" in Environment, CALLER;
    /// Read published exchange rates.
    ListFxRates = "fx_rate" / "list" in Environment, CALLER;
    /// Read the spread and how old a rate may be.
    RetrieveFxSettings = "fx_settings" / "retrieve" in Environment, CALLER;
    /// Change the spread and how old a rate may be.
    UpdateFxSettings = "fx_settings" / "update" in Environment, CALLER;
    /// Have exchange rates promised.
    CreateFxQuote = "fx_quote" / "create" in Environment, OWNED_IN_CURRENCY;
    /// Read one quote.
    RetrieveFxQuote = "fx_quote" / "retrieve" in Environment, OWNED;
    /// Read quotes by page.
    ListFxQuotes = "fx_quote" / "list" in Environment, OWNED;
    /// Convert money by a quote.
    CreateFxConversion = "fx_conversion" / "create" in Environment, MOVEMENT;
    /// Read one conversion.
    RetrieveFxConversion = "fx_conversion" / "retrieve" in Environment, OWNED;
    /// Read conversions by page.
    ListFxConversions = "fx_conversion" / "list" in Environment, OWNED;
    /// Define a role.
    CreateRole = "role" / "create" in Environment, CALLER;
    /// Read one role with its rules.
    RetrieveRole = "role" / "retrieve" in Environment, CALLER;
    /// Read all roles.
    ListRoles = "role" / "list" in Environment, CALLER;
    /// Change a role's description or rules.
    UpdateRole = "role" / "update" in Environment, CALLER;
    /// Remove a role nobody holds.
    DeleteRole = "role" / "delete" in Environment, CALLER;
    /// Give a person of the merchant's staff a role.
    CreateMember = "member" / "create" in Environment, CALLER;
    /// Read all members.
    ListMembers = "member" / "list" in Environment, CALLER;
    /// Change a member's role.
    UpdateMember = "member" / "update" in Environment, CALLER;
    /// Take a person's role away.
    DeleteMember = "member" / "delete" in Environment, CALLER;
    /// Make a secret key.
    CreateApiKey = "api_key" / "create" in Environment, CALLER;
    /// Read the keys' names, never the keys.
    ListApiKeys = "api_key" / "list" in Environment, CALLER;
    /// Withdraw a key.
    DeleteApiKey = "api_key" / "delete" in Environment, CALLER;
    /// Read one audit record.
    RetrieveAuditRecord = "audit_record" / "retrieve" in Environment, CALLER;
    /// Read the audit log by page.
    ListAuditRecords = "audit_record" / "list" in Environment, CALLER;
    /// Read the sums of all accounts.
    RetrieveTrialBalance = "trial_balance" / "retrieve" in Environment, CALLER;
    /// Check the whole ledger against itself.
    AuditLedger = "ledger" / "audit" in Environment, CALLER;
    /// Ask what a role may do and why.
    CreatePolicyDecision = "policy_decision" / "create" in Environment, CALLER;
    /// Provision a tenant.
    CreateTenant = "tenant" / "create" in Platform, CALLER;
    /// Read one tenant.
    RetrieveTenant = "tenant" / "retrieve" in Platform, CALLER;
    /// Read all tenants.
    ListTenants = "tenant" / "list" in Platform, CALLER;
    /// Change a tenant's settings.
    UpdateTenant = "tenant" / "update" in Platform, CALLER;
    /// Stop serving a tenant.
    SuspendTenant = "tenant" / "suspend" in Platform, CALLER;
    /// Serve a suspended tenant again.
    ResumeTenant = "tenant" / "resume" in Platform, CALLER;
    /// End a tenant for good.
    OffboardTenant = "tenant" / "offboard" in Platform, CALLER;
    /// Read one operation.
    RetrieveOperation = "operation" / "retrieve" in Platform, CALLER;
    /// Read operations.
    ListOperations = "operation" / "list" in Platform, CALLER;
    /// Continue an operation that stopped.
    ResumeOperation = "operation" / "resume" in Platform, CALLER;
    /// Give an operation up.
    CancelOperation = "operation" / "cancel" in Platform, CALLER;
    /// Bring tenants' schemas forward.
    CreateMigration = "migration" / "create" in Platform, CALLER;
    /// Read one migration run.
    RetrieveMigration = "migration" / "retrieve" in Platform, CALLER;
    /// Read migration runs.
    ListMigrations = "migration" / "list" in Platform, CALLER;
    /// Have a tenant's ledger audited now.
    CreateLedgerAudit = "ledger_audit" / "create" in Platform, CALLER;
    /// Read one audit of a ledger.
    RetrieveLedgerAudit = "ledger_audit" / "retrieve" in Platform, CALLER;
    /// Read audits of ledgers.
    ListLedgerAudits = "ledger_audit" / "list" in Platform, CALLER;
    /// Compute what a file of tenants would change.
    CreatePlan = "plan" / "create" in Platform, CALLER;
    /// Apply a plan as saved.
    ApplyPlan = "plan" / "apply" in Platform, CALLER;
    /// Read the state of a tenant's keys.
    RetrieveKey = "key" / "retrieve" in Platform, CALLER;
    /// Read the state of all keys.
    ListKeys = "key" / "list" in Platform, CALLER;
    /// Replace a tenant's keys.
    RotateKey = "key" / "rotate" in Platform, CALLER;
    /// Switch a tenant's KMS key off.
    DisableKey = "key" / "disable" in Platform, CALLER;
    /// Switch it on again.
    EnableKey = "key" / "enable" in Platform, CALLER;
    /// Destroy it, and with it everything sealed under it.
    DestroyKey = "key" / "destroy" in Platform, CALLER;
}

/// The action of an object and a verb given as text; nothing but equality finds one.
pub fn find(object: &str, act: &str) -> Option<&'static ActionEntry> {
    ACTIONS.iter().find(|entry| entry.object == object && entry.act == act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_at_its_own_position_with_its_own_object_and_verb() {
        for (position, entry) in ACTIONS.iter().enumerate() {
            assert_eq!(entry.index, position, "{entry:?}");
            assert_eq!(find(entry.object, entry.act), Some(entry));
        }
    }
}
