//! What an audit says.

use std::fmt::Display;

use kernel::{Currency, LedgerAccountId};

use crate::history::CurrencyColumns;

/// Most findings that are told one by one; more are only counted.
pub const FINDINGS_TOLD_MAX: usize = 100;

/// What was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// An account's balance with the sum of its entries.
    Balance,
    /// An entry's place with the one after the entry before it, or an account's number of entries with its last one's.
    Sequence,
    /// The balance after an entry with the sum up to it.
    RunningBalance,
    /// The transfer that an entry names as the one before it, or an account as its last, with the one that was read.
    Chain,
    /// What an account keeps back with what its pending holds do.
    Held,
    /// An entry's currency with its account's.
    Currency,
    /// Entries or pending holds with the account that they name.
    Account,
    /// The number of all accounts' entries with twice the number of all transfers.
    Transfers,
    /// The sum of all balances of a currency with zero.
    ZeroSum,
}

impl Check {
    /// A stable word for logs and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Sequence => "sequence",
            Self::RunningBalance => "running_balance",
            Self::Chain => "chain",
            Self::Held => "held",
            Self::Currency => "currency",
            Self::Account => "account",
            Self::Transfers => "transfers",
            Self::ZeroSum => "zero_sum",
        }
    }
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was compared.
    pub check: Check,
    /// On which account, where it is about one.
    pub account: Option<LedgerAccountId>,
    /// In which currency, where that is known.
    pub currency: Option<Currency>,
    /// At which of the account's entries: the first that is wrong.
    pub sequence: Option<i64>,
    /// What should be there, in minor units where it is money.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Finding {
    pub(super) fn new(check: Check, expected: impl Display, found: impl Display) -> Self {
        Self {
            check,
            account: None,
            currency: None,
            sequence: None,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

/// What an audit came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Accounts looked at.
    pub accounts: u64,
    /// Entries looked at: two for each transfer.
    pub entries: u64,
    /// How much is wrong; for each account and check the first counts.
    pub findings_count: u64,
    /// The first [`FINDINGS_TOLD_MAX`] of it.
    pub findings: Vec<Finding>,
}

impl AuditReport {
    pub(super) fn push(&mut self, finding: Finding) {
        self.findings_count = self.findings_count.saturating_add(1);
        if self.findings.len() < FINDINGS_TOLD_MAX {
            self.findings.push(finding);
        }
    }

    pub(super) fn check_zero_sum(&mut self, columns: &CurrencyColumns) {
        let sum = columns.balance_minor();
        if sum != 0 {
            let finding = Finding::new(Check::ZeroSum, 0, sum);
            self.push(Finding { currency: Some(columns.currency), ..finding });
        }
    }
}
