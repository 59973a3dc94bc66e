//! What accounts held and how they moved, read back by effective date.

use std::sync::Arc;

use kernel::{Entropy, LedgerAccountId, SeededEntropy};
use ledger::{
    TransferDraft,
    history::{self, Extract, HistoryEntry},
};
use tenancy::Environment;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::{CLOCK, Environments, account, eur, one_environment, transfer};

const START: OffsetDateTime = datetime!(2020-01-01 0:00 UTC);

fn day(number: i64) -> OffsetDateTime {
    START + Duration::days(number)
}

/// An amount into the account, or out of it where it is below zero, that counts at a moment.
type Movement = (OffsetDateTime, i64);

fn draft(ours: LedgerAccountId, other: LedgerAccountId, (at, amount): Movement) -> TransferDraft {
    let (debit, credit) = if amount < 0 { (ours, other) } else { (other, ours) };
    TransferDraft { effective_at: Some(at), ..transfer(debit, credit, amount.abs()) }
}

/// Two accounts without a floor; the first moves as told, one posting a movement.
async fn moved(
    environments: &Environments,
    environment: &Arc<Environment>,
    movements: &[Movement],
) -> [LedgerAccountId; 2] {
    let tx = environments.begin(environment).await;
    let accounts = [account(&tx, eur(), None).await, account(&tx, eur(), None).await];
    for movement in movements {
        ledger::post_in(&tx, &[draft(accounts[0], accounts[1], *movement)], CLOCK.now()).await.unwrap();
    }
    tx.commit(accounts).await.unwrap().into_inner()
}

async fn extract(
    environments: &Environments,
    environment: &Arc<Environment>,
    account: LedgerAccountId,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Extract {
    let tx = environments.begin(environment).await;
    history::extract(&tx, account, from, until).await.unwrap().unwrap()
}

/// All entries, a few at a time, each time in a transaction of its own.
async fn entries(environments: &Environments, environment: &Arc<Environment>, extract: &Extract) -> Vec<HistoryEntry> {
    let mut found = Vec::new();
    while found.len() < extract.entries_count() {
        let tx = environments.begin(environment).await;
        found.extend(extract.entries(&tx, found.len(), 3).await.unwrap());
    }
    found
}

/// Days of movements: never going back, or as chance has it.
fn days(entropy: &SeededEntropy, count: usize, in_order: bool) -> Vec<Movement> {
    let mut bytes = vec![0; count * 2];
    entropy.fill(&mut bytes);
    let mut movements: Vec<Movement> = bytes
        .chunks(2)
        .map(|pair| (day(i64::from(pair[0] % 12)), i64::from(pair[1]) - 128))
        .map(|(at, amount)| (at, if amount == 0 { 1 } else { amount }))
        .collect();
    if in_order {
        movements.sort_by_key(|(at, _)| *at);
    }
    movements
}

#[tokio::test]
async fn every_period_and_every_moment_is_what_adding_up_says() {
    let (environments, environment) = one_environment().await;
    let entropy = SeededEntropy::new(11);
    for in_order in [true, false] {
        let movements = days(&entropy, 100, in_order);
        let [ours, other] = moved(&environments, &environment, &movements).await;
        let held = |until: OffsetDateTime| -> i64 {
            movements.iter().filter(|(at, _)| *at < until).map(|(_, amount)| amount).sum()
        };
        for from in -1..=13 {
            let tx = environments.begin(&environment).await;
            let balance = history::balance_before(&tx, ours, day(from)).await.unwrap().unwrap();
            assert_eq!((balance.minor, balance.currency), (held(day(from)), eur()), "before day {from}");
            let balance = history::balance_before(&tx, other, day(from)).await.unwrap().unwrap();
            assert_eq!(balance.minor, -held(day(from)), "the other side");
            for until in [from + 1, from + 3, 14] {
                let extract = extract(&environments, &environment, ours, day(from), day(until)).await;
                let mut expected: Vec<Movement> = movements.clone();
                expected.retain(|(at, _)| *at >= day(from) && *at < day(until));
                // Stable: of one moment, in booking order.
                expected.sort_by_key(|(at, _)| *at);
                let found = entries(&environments, &environment, &extract).await;
                let found: Vec<Movement> = found.iter().map(|entry| (entry.effective_at, entry.amount_minor)).collect();
                assert_eq!(found, expected, "from day {from} until day {until}");
                assert_eq!((extract.opening_minor, extract.closing_minor), (held(day(from)), held(day(until))));
                let turnover = extract.credits.total_minor - extract.debits.total_minor;
                assert_eq!(i128::from(extract.closing_minor - extract.opening_minor), turnover);
                let counted = extract.credits.count + extract.debits.count;
                assert_eq!(usize::try_from(counted).unwrap(), expected.len());
            }
        }
    }
}

#[tokio::test]
async fn an_extract_stays_what_it_was_when_more_is_booked() {
    let (environments, environment) = one_environment().await;
    for movements in
        [[(day(0), 5), (day(1), 7), (day(1), -2), (day(2), 1)], [(day(2), 5), (day(1), 7), (day(1), -2), (day(0), 1)]]
    {
        let [ours, other] = moved(&environments, &environment, &movements).await;
        let before = extract(&environments, &environment, ours, day(1), day(3)).await;
        let found = entries(&environments, &environment, &before).await;

        let tx = environments.begin(&environment).await;
        for late in [(day(1), 100), (day(2), -3), (day(0), 50)] {
            ledger::post_in(&tx, &[draft(ours, other, late)], CLOCK.now()).await.unwrap();
        }
        tx.commit(()).await.unwrap();
        assert_eq!(entries(&environments, &environment, &before).await, found);
        let sum: i64 = found.iter().map(|entry| entry.amount_minor).sum();
        assert_eq!(before.opening_minor + sum, before.closing_minor);

        let after = extract(&environments, &environment, ours, day(1), day(3)).await;
        assert_eq!(after.opening_minor, before.opening_minor + 50);
        assert_eq!(after.closing_minor, before.closing_minor + 147);
        assert_eq!(after.entries_count(), before.entries_count() + 2);
    }
}

#[tokio::test]
async fn an_entry_names_its_transfer_its_other_side_and_both_dates() {
    let (environments, environment) = one_environment().await;
    let [ours, other] = moved(&environments, &environment, &[]).await;
    let movement = draft(ours, other, (day(0), -9));
    let tx = environments.begin(&environment).await;
    let now = datetime!(2026-01-01 0:00 UTC);
    ledger::post_in(&tx, &[movement], now).await.unwrap();
    tx.commit(()).await.unwrap();
    let extract = extract(&environments, &environment, ours, day(0), day(1)).await;
    let expected = HistoryEntry {
        sequence: 1,
        transfer: movement.id,
        counterparty: other,
        amount_minor: -9,
        reversal: false,
        effective_at: day(0),
        created_at: now,
    };
    assert_eq!(entries(&environments, &environment, &extract).await, [expected]);
}

#[tokio::test]
async fn an_account_that_is_not_there_has_no_history_and_an_idle_one_an_empty_one() {
    let (environments, environment) = one_environment().await;
    let [idle, _] = moved(&environments, &environment, &[]).await;
    let nowhere = LedgerAccountId::generate(CLOCK, super::ENTROPY);
    let tx = environments.begin(&environment).await;
    assert!(history::extract(&tx, nowhere, day(0), day(1)).await.unwrap().is_none());
    assert_eq!(history::balance_before(&tx, nowhere, day(0)).await.unwrap(), None);
    assert_eq!(history::balance_before(&tx, idle, day(0)).await.unwrap().unwrap().minor, 0);
    let extract = history::extract(&tx, idle, day(0), day(1)).await.unwrap().unwrap();
    assert_eq!((extract.opening_minor, extract.closing_minor, extract.entries_count()), (0, 0, 0));
    assert_eq!(extract.entries(&tx, 0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn the_columns_of_the_trial_balance_are_equal_at_every_moment() {
    let (environments, environment) = one_environment().await;
    moved(&environments, &environment, &[(day(0), 100), (day(2), -30), (day(1), 7)]).await;
    moved(&environments, &environment, &[(day(1), -20)]).await;
    let tx = environments.begin(&environment).await;
    let now = history::trial_balance(&tx).await.unwrap();
    assert_eq!(now.len(), 1);
    assert_eq!((now[0].debits_minor, now[0].credits_minor, now[0].balance_minor(), now[0].accounts), (97, 97, 0, 4));
    for (until, expected) in [(0, 0), (1, 100), (2, 127), (3, 97)] {
        let then = history::trial_balance_before(&tx, day(until)).await.unwrap();
        assert_eq!((then[0].debits_minor, then[0].credits_minor), (expected, expected), "before day {until}");
    }
}
