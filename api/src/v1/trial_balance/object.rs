//! The trial balance as the API shows it.

use kernel::Currency;
use ledger::history::CurrencyColumns;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The sums of all accounts at a moment, currency by currency.
#[derive(Serialize, ToSchema)]
pub struct TrialBalance {
    /// Always `trial_balance`.
    object: &'static str,
    /// The moment, in Unix seconds.
    at: i64,
    /// Whether it is of the live side.
    livemode: bool,
    /// In order of currency.
    currencies: Vec<TrialBalanceLine>,
}

/// The sums of all accounts in one currency.
#[derive(Serialize, ToSchema)]
pub struct TrialBalanceLine {
    /// ISO 4217, lower case.
    #[schema(value_type = String)]
    currency: Currency,
    /// Sum of all balances below zero, without their sign, in minor units.
    #[schema(value_type = i64)]
    total_debits: i128,
    /// Sum of all balances above zero, in minor units.
    #[schema(value_type = i64)]
    total_credits: i128,
    /// Credits less debits: zero, or the books are broken.
    #[schema(value_type = i64)]
    balance: i128,
    /// How many accounts there are.
    accounts: i64,
}

impl TrialBalance {
    pub(super) fn of(columns: &[CurrencyColumns], at: OffsetDateTime, livemode: bool) -> Self {
        let currencies = columns
            .iter()
            .map(|columns| TrialBalanceLine {
                currency: columns.currency,
                total_debits: columns.debits_minor,
                total_credits: columns.credits_minor,
                balance: columns.balance_minor(),
                accounts: columns.accounts,
            })
            .collect();
        Self { object: "trial_balance", at: at.unix_timestamp(), livemode, currencies }
    }
}
