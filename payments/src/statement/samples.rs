//! Statements to write in tests.

use std::collections::BTreeMap;

use kernel::{LedgerTransferId, StatementId, WalletId, WalletTransferId};
use ledger::history::Turnover;
use time::macros::{date, datetime};
use uuid::Uuid;

use super::{Movement, Period, Statement};

/// January 2026 of a wallet that starts with `opening` and moves by `amounts`.
pub(super) fn statement(currency: &str, opening_minor: i64, amounts: &[i64]) -> Statement {
    let turnover = |wanted: fn(&i64) -> bool| Turnover {
        count: i64::try_from(amounts.iter().copied().filter(wanted).count()).unwrap(),
        total_minor: amounts.iter().copied().filter(wanted).map(|amount| i128::from(amount).abs()).sum(),
    };
    Statement {
        id: StatementId::from_uuid(Uuid::from_u128(7)),
        wallet: WalletId::from_uuid(Uuid::from_u128(8)),
        currency: currency.parse().unwrap(),
        period: Period::parse("2026-01-01", "2026-01-31", date!(2026 - 02 - 01)).unwrap(),
        opening_minor,
        closing_minor: opening_minor + amounts.iter().sum::<i64>(),
        credits: turnover(|amount| *amount > 0),
        debits: turnover(|amount| *amount < 0),
        metadata: BTreeMap::new(),
        livemode: false,
        drawn_at: datetime!(2026-02-01 12:00:00.5 UTC),
    }
}

/// Its movements, all on the second of January.
pub(super) fn movements(statement: &Statement, amounts: &[i64]) -> Vec<Movement> {
    let mut balance = statement.opening_minor;
    (1..)
        .zip(amounts)
        .map(|(number, amount)| {
            balance += amount;
            Movement {
                entry: LedgerTransferId::from_uuid(Uuid::from_u128(number)),
                transfer: Some(WalletTransferId::from_uuid(Uuid::from_u128(number))),
                amount_minor: *amount,
                balance_after_minor: balance,
                occurred_at: datetime!(2026-01-02 0:00 UTC),
                booked_at: datetime!(2026-01-02 0:00:01 UTC),
                counterparty: Some(WalletId::from_uuid(Uuid::from_u128(9))),
                reversal: false,
                description: Some("Rent".to_owned()),
                metadata: BTreeMap::new(),
            }
        })
        .collect()
}
