//! One posting at a time.

use kernel::{LedgerAccountId, Mode};
use ledger::{ClearingPurpose, PostingError, Reason, post_in};

use super::{
    CLOCK, ENTROPY, Environments, account, assert_books_are_right, eur, funded, minor, one_environment, transfer,
};

#[tokio::test]
async fn linked_transfers_take_effect_together_and_leave_entries_that_add_up() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[100, 0, 0]).await;
    let [a, b, c] = accounts[..] else { unreachable!() };

    let tx = environments.begin(&environment).await;
    let posted = post_in(&tx, &[transfer(a, b, 60), transfer(b, c, 25)], CLOCK.now()).await.unwrap();
    assert_eq!([a, b, c].map(|id| posted.balance_minor(id)), [Some(40), Some(35), Some(25)]);
    assert_eq!(posted.transfers.len(), 2);
    tx.commit(()).await.unwrap();

    let tx = environments.begin(&environment).await;
    assert_eq!([minor(&tx, a).await, minor(&tx, b).await, minor(&tx, c).await], [40, 35, 25]);
    let found = ledger::accounts(&tx, &[a, b, LedgerAccountId::generate(CLOCK, ENTROPY)]).await.unwrap();
    assert_eq!(found.len(), 2, "an account that does not exist has no balance");
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test]
async fn a_rejected_posting_leaves_nothing_and_the_transaction_goes_on() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[100, 0]).await;
    let [a, b] = accounts[..] else { unreachable!() };
    let nowhere = LedgerAccountId::generate(CLOCK, ENTROPY);

    let tx = environments.begin(&environment).await;
    let dollars = account(&tx, "usd".parse().unwrap(), Some(0)).await;
    let reason = async |posting: &[_]| match post_in(&tx, posting, CLOCK.now()).await {
        Err(PostingError::Rejected(rejection)) => rejection.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(&[transfer(a, b, 60), transfer(a, b, 41)]).await, Reason::InsufficientFunds);
    assert_eq!(reason(&[transfer(a, nowhere, 1)]).await, Reason::AccountMissing);
    assert_eq!(reason(&[transfer(a, dollars, 1)]).await, Reason::CurrencyMismatch);
    assert_eq!(reason(&[transfer(a, a, 1)]).await, Reason::SameAccount);
    assert_eq!(reason(&[]).await, Reason::EmptyPosting);
    assert_eq!(minor(&tx, a).await, 100);
    post_in(&tx, &[transfer(a, b, 100)], CLOCK.now()).await.unwrap();
    tx.commit(()).await.unwrap();

    let tx = environments.begin(&environment).await;
    assert_eq!((minor(&tx, a).await, minor(&tx, b).await), (0, 100));
    assert_books_are_right(&environments, &environment).await;
}

#[tokio::test]
async fn a_transfer_is_posted_once_for_ever() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[100, 0]).await;
    let [a, b] = accounts[..] else { unreachable!() };
    let once = transfer(a, b, 10);

    let tx = environments.begin(&environment).await;
    post_in(&tx, &[once], CLOCK.now()).await.unwrap();
    tx.commit(()).await.unwrap();
    let tx = environments.begin(&environment).await;
    assert!(matches!(post_in(&tx, &[once], CLOCK.now()).await, Err(PostingError::TransferExists)));
    assert!(tx.commit(()).await.is_err(), "a transaction with a failed statement does not commit");

    let tx = environments.begin(&environment).await;
    assert_eq!(minor(&tx, b).await, 10);
}

#[tokio::test]
async fn a_clearing_account_is_one_per_currency_and_knows_no_floor() {
    let (environments, environment) = one_environment().await;
    let accounts = funded(&environments, &environment, &[100, 50]).await;
    let tx = environments.begin(&environment).await;
    let outside = ledger::clearing_account(&tx, ClearingPurpose::External, eur(), CLOCK, ENTROPY).await.unwrap();
    assert_eq!(minor(&tx, outside).await, -150);
    let yen =
        ledger::clearing_account(&tx, ClearingPurpose::External, "jpy".parse().unwrap(), CLOCK, ENTROPY).await.unwrap();
    assert_ne!(outside, yen);
    assert!(!accounts.contains(&outside));
    let totals = ledger::history::trial_balance(&tx).await.unwrap();
    let totals: Vec<_> =
        totals.iter().map(|total| (total.currency.code(), total.balance_minor(), total.accounts)).collect();
    assert_eq!(totals, [("eur".to_owned(), 0, 3), ("jpy".to_owned(), 0, 1)]);
}

#[tokio::test]
async fn what_is_posted_cannot_be_changed_and_another_environment_does_not_see_it() {
    let environments = Environments::start(10).await;
    let environment = environments.create(Mode::Test).await;
    let other = environments.create(Mode::Test).await;
    let accounts = funded(&environments, &environment, &[100]).await;

    for statement in [
        "UPDATE ledger_transfer SET amount_minor = 1",
        "DELETE FROM ledger_transfer",
        "DELETE FROM ledger_account",
        "DELETE FROM ledger_hold",
        "UPDATE event SET type = ''",
    ] {
        let tx = environments.begin(&environment).await;
        let refused = sea_orm::ConnectionTrait::execute_unprepared(&tx, statement).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{statement}: {refused}");
    }
    let tx = environments.begin(&other).await;
    assert_eq!(ledger::accounts(&tx, &[accounts[0]]).await.unwrap().get(&accounts[0]), None);
    assert_eq!(ledger::history::trial_balance(&tx).await.unwrap(), []);
}
