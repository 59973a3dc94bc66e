//! The ledger on a real Postgres: what is posted is there, what is refused left nothing, and many posters at once
//! neither lose money nor wait for each other in a circle.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

mod audit;
mod concurrency;
mod engine;
mod environments;
mod history;
mod posting;

use std::sync::Arc;

use environments::Environments;
use kernel::{Amount, Clock, Currency, Entropy, LedgerAccountId, LedgerTransferId, Mode, SystemClock, SystemEntropy};
use ledger::{AccountDraft, ClearingPurpose, TransferDraft};
use tenancy::{Environment, TenantTx};

const CLOCK: &dyn Clock = &SystemClock;
const ENTROPY: &dyn Entropy = &SystemEntropy;

fn eur() -> Currency {
    "eur".parse().unwrap()
}

fn transfer(debit: LedgerAccountId, credit: LedgerAccountId, minor: i64) -> TransferDraft {
    let id = LedgerTransferId::generate(CLOCK, ENTROPY);
    TransferDraft::new(id, debit, credit, Amount::try_new(minor).unwrap(), eur())
}

async fn account(tx: &TenantTx, currency: Currency, floor_minor: Option<i64>) -> LedgerAccountId {
    let id = LedgerAccountId::generate(CLOCK, ENTROPY);
    ledger::open_account(tx, AccountDraft { id, currency, floor_minor }, CLOCK.now()).await.unwrap();
    id
}

async fn minor(tx: &TenantTx, account: LedgerAccountId) -> i64 {
    ledger::accounts(tx, &[account]).await.unwrap()[&account].balance_minor
}

/// Accounts with a floor of zero and this much in each, from outside.
async fn funded(environments: &Environments, environment: &Arc<Environment>, balances: &[i64]) -> Vec<LedgerAccountId> {
    let tx = environments.begin(environment).await;
    let outside = ledger::clearing_account(&tx, ClearingPurpose::External, eur(), CLOCK, ENTROPY).await.unwrap();
    let mut accounts = Vec::new();
    for balance in balances {
        let id = account(&tx, eur(), Some(0)).await;
        if *balance > 0 {
            ledger::post_in(&tx, &[transfer(outside, id, *balance)], CLOCK.now()).await.unwrap();
        }
        accounts.push(id);
    }
    tx.commit(()).await.unwrap();
    accounts
}

/// What must hold whatever happened.
async fn assert_books_are_right(environments: &Environments, environment: &Arc<Environment>) {
    let report = ledger::audit(environments.database(), environment).await.unwrap();
    assert_eq!(report.findings, []);
}

async fn one_environment() -> (Environments, Arc<Environment>) {
    let environments = Environments::start(10).await;
    let environment = environments.create(Mode::Test).await;
    (environments, environment)
}
