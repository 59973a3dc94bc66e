//! Many orders at once through the engine.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use kernel::{Amount, LedgerAccountId, LedgerHoldId, LedgerTransferId, SystemClock, SystemEntropy};
use ledger::{
    Engine, EngineConfig, EngineError, EventDraft, Operation, PostingOrder, Postings, Reason,
    rules::{CaptureDraft, HoldDraft, Standing},
};
use tenancy::{Environment, lane::LanesConfig};

use super::{CLOCK, ENTROPY, Environments, assert_books_are_right, eur, funded, minor, one_environment, transfer};

fn engine(environments: &Environments, waiting_max: usize) -> Engine<Postings> {
    let lanes = LanesConfig { url: environments.app_url().into(), lanes_max: 4, application_name: "tests" };
    let config = EngineConfig { lanes, waiting_max, batch_max: 500 };
    Engine::new(Postings::new(Arc::new(SystemClock), Arc::new(SystemEntropy)), &config, Arc::new(SystemClock)).unwrap()
}

fn order(operations: Vec<Operation>) -> PostingOrder {
    let event = EventDraft { kind: "test.posted", object: uuid::Uuid::nil() };
    PostingOrder { operations, event }
}

fn move_money(debit: LedgerAccountId, credit: LedgerAccountId, minor: i64) -> PostingOrder {
    order(vec![transfer(debit, credit, minor).into()])
}

async fn events(environments: &Environments, environment: &Arc<Environment>) -> i64 {
    let tx = environments.begin(environment).await;
    tx.with_connection(|connection| {
        Box::pin(async move {
            sqlx::query_scalar("SELECT coalesce(sum(cardinality(object_ids)), 0)::bigint FROM event")
                .fetch_one(connection)
                .await
        })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_at_once_from_two_engines_are_each_posted_once_and_told_of() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[50_000, 50_000, 50_000, 50_000]).await;
    let engines = [engine(&environments, 10_000), engine(&environments, 10_000)];
    let orders = (0..2_000_usize).map(|number| {
        let (debit, credit) = (accounts[number % 4], accounts[(number + 1 + number / 4 % 3) % 4]);
        let (engine, environment) = (&engines[number % 2], &environment);
        async move { engine.submit(environment, move_money(debit, credit, 7)).await.unwrap().unwrap() }
    });
    let posted = join_all(orders).await;
    assert!(posted.iter().all(|posted| posted.transfers.len() == 1 && !posted.repeated));
    assert_eq!(events(&environments, &environment).await, 2_000);
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_order_sent_a_hundred_times_is_one_transfer_and_a_hundred_equal_answers() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[100, 0]).await;
    let engines = [engine(&environments, 1_000), engine(&environments, 1_000)];
    let once = move_money(accounts[0], accounts[1], 60);
    let sent = (0..100).map(|number| engines[number % 2].submit(&environment, once.clone()));
    let answers: Vec<_> = join_all(sent).await.into_iter().map(|answer| answer.unwrap().unwrap()).collect();
    assert!(answers.iter().all(|answer| answer.transfers == answers[0].transfers));
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    let other =
        order(vec![ledger::TransferDraft { credit: accounts[0], debit: accounts[1], ..draft_of(&once) }.into()]);
    let refused = engines[0].submit(&environment, other).await.unwrap().unwrap_err();
    assert_eq!(refused.reason, Reason::DuplicateWithOtherBody);
    let tx = environments.begin(&environment).await;
    assert_eq!((minor(&tx, accounts[0]).await, minor(&tx, accounts[1]).await), (40, 60));
    assert_eq!(events(&environments, &environment).await, 1);
}

fn draft_of(order: &PostingOrder) -> ledger::TransferDraft {
    match order.operations[0] {
        Operation::Transfer(draft) => draft,
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_emptied_by_a_hundred_orders_pays_exactly_what_it_holds() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[250, 0]).await;
    let engine = engine(&environments, 1_000);
    let orders = (0..100).map(|_| engine.submit(&environment, move_money(accounts[0], accounts[1], 10)));
    let answers: Vec<_> = join_all(orders).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 25);
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.into_iter().all(|rejection| rejection.reason == Reason::InsufficientFunds));
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_are_captured_and_transfers_reversed_across_batches_once() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[100, 0]).await;
    let (debit, credit) = (accounts[0], accounts[1]);
    let engine = engine(&environments, 1_000);
    let id = LedgerHoldId::generate(CLOCK, ENTROPY);
    let amount = Amount::try_new(80).unwrap();
    let hold = Operation::Hold(HoldDraft { id, debit, credit, amount, currency: eur(), expires_at: None });
    engine.submit(&environment, order(vec![hold])).await.unwrap().unwrap();
    let too_much = engine.submit(&environment, move_money(debit, credit, 21)).await.unwrap().unwrap_err();
    assert_eq!(too_much.reason, Reason::InsufficientFunds);

    let capture = |minor| {
        let amount = Some(Amount::try_new(minor).unwrap());
        let transfer = LedgerTransferId::generate(CLOCK, ENTROPY);
        Operation::Capture(CaptureDraft { id: transfer, hold: id, amount, keep_remainder: true })
    };
    let attempts = (0..20).map(|_| engine.submit(&environment, order(vec![capture(7)])));
    let captured = join_all(attempts).await.into_iter().filter(|answer| answer.as_ref().unwrap().is_ok()).count();
    assert_eq!(captured, 11, "80 holds 11 times 7");
    engine.submit(&environment, order(vec![Operation::Release { hold: id }])).await.unwrap().unwrap();

    let moved = engine.submit(&environment, move_money(debit, credit, 5)).await.unwrap().unwrap();
    let original = moved.transfers[0].id;
    let reversals = (0..20).map(|_| {
        let id = LedgerTransferId::generate(CLOCK, ENTROPY);
        engine.submit(&environment, order(vec![Operation::Reverse { id, original }]))
    });
    let reversed = join_all(reversals).await.into_iter().filter(|answer| answer.as_ref().unwrap().is_ok()).count();
    assert_eq!(reversed, 1);
    let tx = environments.begin(&environment).await;
    assert_eq!((minor(&tx, debit).await, minor(&tx, credit).await), (23, 77));
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_may_wait_is_refused_at_once_and_nothing_of_it_happens() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[10_000, 0]).await;
    let engine = engine(&environments, 50);
    let orders = (0..500).map(|_| engine.submit(&environment, move_money(accounts[0], accounts[1], 1)));
    let answers = join_all(orders).await;
    let refused = answers.iter().filter(|answer| matches!(answer, Err(EngineError::Overloaded))).count();
    assert!(refused > 0, "nothing was refused");
    let tx = environments.begin(&environment).await;
    assert_eq!(minor(&tx, accounts[1]).await, i64::try_from(answers.len() - refused).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_environment_whose_account_is_locked_by_others_makes_no_other_wait() {
    let environments = Environments::start(10).await;
    let (stuck, free) = (environments.create(kernel::Mode::Test).await, environments.create(kernel::Mode::Live).await);
    let (locked, quick) = (funded(&environments, &stuck, &[10, 0]).await, funded(&environments, &free, &[10, 0]).await);
    let engine = engine(&environments, 1_000);
    let blocker = environments.begin(&stuck).await;
    ledger::post_in(&blocker, &[transfer(locked[0], locked[1], 1)], time::OffsetDateTime::UNIX_EPOCH).await.unwrap();
    let waiting = {
        let (engine, stuck) = (engine.clone(), Arc::clone(&stuck));
        tokio::spawn(async move { engine.submit(&stuck, move_money(locked[0], locked[1], 1)).await })
    };
    for _ in 0..5 {
        let posted =
            tokio::time::timeout(Duration::from_secs(3), engine.submit(&free, move_money(quick[0], quick[1], 1)));
        posted.await.expect("another environment waits").unwrap().unwrap();
    }
    assert!(!waiting.is_finished());
    blocker.commit(()).await.unwrap();
    waiting.await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_others_change_between_two_orders_is_never_taken_for_what_it_was() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[100, 0]).await;
    let (debit, credit) = (accounts[0], accounts[1]);
    let engines = [engine(&environments, 1_000), engine(&environments, 1_000)];
    let pay = async |engine: usize, from, to, minor| {
        engines[engine].submit(&environment, move_money(from, to, minor)).await.unwrap().map_err(|error| error.reason)
    };
    // Both engines have seen both accounts.
    pay(0, debit, credit, 10).await.unwrap();
    pay(1, debit, credit, 10).await.unwrap();
    // The first engine remembers 90, of which only 80 are left.
    assert_eq!(pay(0, debit, credit, 85).await, Err(Reason::InsufficientFunds));
    pay(1, debit, credit, 80).await.unwrap();
    pay(1, credit, debit, 100).await.unwrap();
    // It remembers 80 in an account that now holds 100.
    pay(0, debit, credit, 95).await.unwrap();

    let set = async |standing| {
        let tx = environments.begin(&environment).await;
        ledger::lock_accounts(&tx, &[credit]).await.unwrap();
        ledger::set_standing(&tx, credit, standing).await.unwrap();
        tx.commit(()).await.unwrap();
    };
    set(Standing::Frozen).await;
    assert_eq!(pay(0, debit, credit, 1).await, Err(Reason::AccountFrozen));
    assert_eq!(pay(1, debit, credit, 1).await, Err(Reason::AccountFrozen));
    set(Standing::Open).await;
    pay(0, debit, credit, 1).await.unwrap();
    pay(1, debit, credit, 1).await.unwrap();
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postings_in_other_transactions_and_batches_on_their_way_to_the_same_accounts_add_up() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[5_000, 5_000, 5_000]).await;
    let engine = engine(&environments, 10_000);
    let through_the_engine = (0..3_000_usize).map(|number| {
        let (debit, credit) = (accounts[number % 3], accounts[(number + 1) % 3]);
        let (engine, environment) = (&engine, &environment);
        async move { engine.submit(environment, move_money(debit, credit, 1)).await.unwrap().unwrap() }
    });
    let beside = async {
        for number in 0..20 {
            let tx = environments.begin(&environment).await;
            let posting = [transfer(accounts[number % 3], accounts[(number + 2) % 3], 7)];
            ledger::post_in(&tx, &posting, CLOCK.now()).await.unwrap();
            tx.commit(()).await.unwrap();
        }
    };
    let (posted, ()) = futures::join!(join_all(through_the_engine), beside);
    assert_eq!(posted.len(), 3_000);
    assert_eq!(events(&environments, &environment).await, 3_000);
    assert_books_are_right(&environments, &environment).await;
}
