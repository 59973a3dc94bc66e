//! Many posters at once.

use std::{sync::Arc, time::Duration};

use kernel::LedgerAccountId;
use ledger::{ClearingPurpose, PostingError, Reason, post_in};
use tenancy::TenantTx;
use tokio::task::JoinSet;

use super::{CLOCK, ENTROPY, assert_books_are_right, eur, funded, minor, one_environment, transfer};

/// Long enough for the other side to arrive at its lock.
const ARRIVAL: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opposing_transfers_do_not_deadlock() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[10_000, 10_000]).await;
    let environments = Arc::new(environments);
    let mut tasks = JoinSet::new();
    for number in 0..8_usize {
        let (environments, environment) = (Arc::clone(&environments), Arc::clone(&environment));
        let [debit, credit] = [accounts[number % 2], accounts[(number + 1) % 2]];
        tasks.spawn(async move {
            for _ in 0..25 {
                let tx = environments.begin(&environment).await;
                post_in(&tx, &[transfer(debit, credit, 7)], CLOCK.now()).await.unwrap();
                tx.commit(()).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let tx = environments.begin(&environment).await;
    assert_eq!((minor(&tx, accounts[0]).await, minor(&tx, accounts[1]).await), (10_000, 10_000));
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_parallel_postings_on_four_accounts_conserve_money_and_keep_the_floor() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[60, 60, 60, 60]).await;
    let environments = Arc::new(environments);
    let mut tasks = JoinSet::new();
    for number in 0..64_usize {
        let (environments, environment) = (Arc::clone(&environments), Arc::clone(&environment));
        // Rings in both directions, with amounts that run accounts dry now and then.
        let step = if number % 2 == 0 { 1 } else { 3 };
        let ring: Vec<_> = (0..3).map(|hop| accounts[(number + hop * step) % 4]).collect();
        let amount = i64::try_from(number % 5).unwrap() * 13 + 1;
        tasks.spawn(async move {
            let tx = environments.begin(&environment).await;
            let posting = [transfer(ring[0], ring[1], amount), transfer(ring[1], ring[2], amount)];
            let accepted = match post_in(&tx, &posting, CLOCK.now()).await {
                Ok(_) => true,
                Err(PostingError::Rejected(rejection)) if rejection.reason == Reason::InsufficientFunds => false,
                Err(other) => panic!("{other:?}"),
            };
            tx.commit(()).await.unwrap();
            accepted
        });
    }
    let mut accepted = 0;
    while let Some(done) = tasks.join_next().await {
        accepted += usize::from(done.unwrap());
    }
    assert!(accepted > 0, "some went through");

    let tx = environments.begin(&environment).await;
    let mut sum = 0;
    for id in &accounts {
        let balance = minor(&tx, *id).await;
        assert!(balance >= 0, "an account went below its floor: {balance}");
        sum += balance;
    }
    assert_eq!(sum, 240);
    let transfers = count(&tx, "SELECT count(*) FROM ledger_transfer").await;
    assert_eq!(transfers, 4 + 2 * i64::try_from(accepted).unwrap(), "each accepted posting once, no refused one");
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test]
async fn racing_first_uses_open_one_clearing_account() {
    let (environments, environment) = one_environment().await;
    let (first, second) = (environments.begin(&environment).await, environments.begin(&environment).await);
    let opened = clearing_account(&first).await;
    let (found, ()) = tokio::join!(clearing_account(&second), async {
        tokio::time::sleep(ARRIVAL).await;
        first.commit(()).await.unwrap();
    });
    assert_eq!(found, opened, "the second waits for the first and takes its account");
    second.commit(()).await.unwrap();
    let tx = environments.begin(&environment).await;
    assert_eq!(count(&tx, "SELECT count(*) FROM ledger_account").await, 1, "the loser leaves no account behind");
}

#[tokio::test]
async fn a_first_use_that_rolls_back_leaves_the_place_to_the_next() {
    let (environments, environment) = one_environment().await;
    let (first, second) = (environments.begin(&environment).await, environments.begin(&environment).await);
    let abandoned = clearing_account(&first).await;
    let (opened, ()) = tokio::join!(clearing_account(&second), async {
        tokio::time::sleep(ARRIVAL).await;
        drop(first);
    });
    assert_ne!(opened, abandoned);
    second.commit(()).await.unwrap();
    let tx = environments.begin(&environment).await;
    assert_eq!(minor(&tx, opened).await, 0);
}

async fn clearing_account(tx: &TenantTx) -> LedgerAccountId {
    ledger::clearing_account(tx, ClearingPurpose::External, eur(), CLOCK, ENTROPY).await.unwrap()
}

async fn count(tx: &TenantTx, sql: &'static str) -> i64 {
    tx.with_connection(move |connection| Box::pin(async move { sqlx::query_scalar(sql).fetch_one(connection).await }))
        .await
        .unwrap()
}
