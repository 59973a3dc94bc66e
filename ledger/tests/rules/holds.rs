//! Holds, reversals and standings, one line a case: what is done in order, and what comes of it.

use kernel::{Amount, Currency, LedgerAccountId, LedgerHoldId, LedgerTransferId};
use ledger::rules::{
    AccountState, Book, CaptureDraft, HoldDraft, HoldState, Operation, Reason, Standing, TransferDraft,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn eur() -> Currency {
    "eur".parse().unwrap()
}

fn account(number: u128) -> LedgerAccountId {
    LedgerAccountId::from_uuid(Uuid::from_u128(number))
}

fn hold_id(number: u128) -> LedgerHoldId {
    LedgerHoldId::from_uuid(Uuid::from_u128(number))
}

fn transfer_id(number: u128) -> LedgerTransferId {
    LedgerTransferId::from_uuid(Uuid::from_u128(number))
}

fn amount(minor: i64) -> Amount {
    Amount::try_new(minor).unwrap()
}

fn hold(number: u128, minor: i64, seconds: Option<i64>) -> Operation {
    let expires_at = seconds.map(|seconds| NOW + Duration::seconds(seconds));
    let (id, debit, credit) = (hold_id(number), account(1), account(2));
    Operation::Hold(HoldDraft { id, debit, credit, amount: amount(minor), currency: eur(), expires_at })
}

fn capture(number: u128, hold: u128, minor: Option<i64>, keep_remainder: bool) -> Operation {
    let amount = minor.map(amount);
    Operation::Capture(CaptureDraft { id: transfer_id(number), hold: hold_id(hold), amount, keep_remainder })
}

fn transfer(number: u128, debit: u128, credit: u128, minor: i64) -> Operation {
    TransferDraft::new(transfer_id(number), account(debit), account(credit), amount(minor), eur()).into()
}

const fn release(hold: LedgerHoldId) -> Operation {
    Operation::Release { hold }
}

/// Accounts 1 (100, floor 0) and 2 (0, floor 0).
fn book() -> Book {
    let first = AccountState { balance_minor: 100, ..AccountState::new(account(1), eur(), Some(0)) };
    Book::new([first, AccountState::new(account(2), eur(), Some(0))], NOW)
}

/// `balance/held of 1, balance of 2`, or the code of the first refusal and which operation met it.
fn outcome(operations: &[Operation]) -> String {
    let mut book = book();
    for (position, operation) in operations.iter().enumerate() {
        let before = book.clone();
        if let Err(rejection) = book.post(&[*operation]) {
            assert_eq!(book, before, "a refusal changes nothing");
            return format!("{} at {position}", rejection.reason.code());
        }
    }
    let (one, two) = (book.account(account(1)).unwrap(), book.account(account(2)).unwrap());
    format!("{}/{}, {}", one.balance_minor, one.held_minor, two.balance_minor)
}

#[test]
fn holds_keep_money_back_until_they_end() {
    let gone = hold(1, 60, Some(0));
    let cases: &[(&[Operation], &str)] = &[
        (&[hold(1, 60, None)], "100/60, 0"),
        (&[hold(1, 101, None)], "insufficient_funds at 0"),
        (&[hold(1, 60, None), hold(2, 41, None)], "insufficient_funds at 1"),
        (&[hold(1, 60, None), transfer(1, 1, 2, 41)], "insufficient_funds at 1"),
        (&[hold(1, 60, None), transfer(1, 1, 2, 40)], "60/60, 40"),
        // Asked for again, and with another body.
        (&[hold(1, 60, None), hold(1, 60, None)], "100/60, 0"),
        (&[hold(1, 60, None), hold(1, 61, None)], "duplicate_with_other_body at 1"),
        // Captures: all, part and the rest released, part and the rest kept.
        (&[hold(1, 60, None), capture(1, 1, None, false)], "40/0, 60"),
        (&[hold(1, 60, None), capture(1, 1, Some(25), false)], "75/0, 25"),
        (&[hold(1, 60, None), capture(1, 1, Some(25), true)], "75/35, 25"),
        (&[hold(1, 60, None), capture(1, 1, Some(25), true), capture(2, 1, None, true)], "40/0, 60"),
        (&[hold(1, 60, None), capture(1, 1, Some(61), false)], "capture_too_large at 1"),
        (&[hold(1, 60, None), capture(1, 1, Some(60), true), capture(2, 1, Some(1), true)], "hold_not_pending at 2"),
        (&[hold(1, 60, None), capture(1, 1, Some(25), false), capture(2, 1, Some(1), false)], "hold_not_pending at 2"),
        (&[hold(1, 60, None), capture(1, 1, Some(25), true), capture(1, 1, Some(25), true)], "75/35, 25"),
        (
            &[hold(1, 60, None), capture(1, 1, Some(25), true), capture(1, 1, Some(26), true)],
            "duplicate_with_other_body at 2",
        ),
        (&[capture(1, 9, None, false)], "hold_missing at 0"),
        // Releases.
        (&[hold(1, 60, None), release(hold_id(1))], "100/0, 0"),
        (&[hold(1, 60, None), capture(1, 1, Some(25), true), release(hold_id(1))], "75/0, 25"),
        (&[hold(1, 60, None), release(hold_id(1)), release(hold_id(1))], "hold_not_pending at 2"),
        (&[hold(1, 60, None), release(hold_id(1)), capture(1, 1, None, false)], "hold_not_pending at 2"),
        // Time.
        (&[gone, capture(1, 1, None, false)], "hold_expired at 1"),
        (&[gone, Operation::Expire { hold: hold_id(1) }], "100/0, 0"),
        (&[gone, release(hold_id(1))], "100/0, 0"),
        (&[hold(1, 60, Some(1)), capture(1, 1, None, false)], "40/0, 60"),
        (&[hold(1, 60, Some(1)), Operation::Expire { hold: hold_id(1) }], "hold_not_expired at 1"),
        (&[hold(1, 60, None), Operation::Expire { hold: hold_id(1) }], "hold_not_expired at 1"),
    ];
    for (number, (operations, expected)) in cases.iter().enumerate() {
        assert_eq!(&outcome(operations), expected, "case {number}");
    }
}

#[test]
fn a_transfer_is_reversed_once_and_a_reversal_never() {
    let reverse = |id, original| Operation::Reverse { id: transfer_id(id), original: transfer_id(original) };
    let cases: &[(&[Operation], &str)] = &[
        (&[transfer(1, 1, 2, 30), reverse(2, 1)], "100/0, 0"),
        (&[transfer(1, 1, 2, 30), reverse(2, 1), reverse(2, 1)], "100/0, 0"),
        (&[transfer(1, 1, 2, 30), reverse(2, 1), reverse(3, 1)], "already_reversed at 2"),
        (&[transfer(1, 1, 2, 30), reverse(2, 1), reverse(3, 2)], "not_reversible at 2"),
        (&[reverse(2, 1)], "transfer_missing at 0"),
        (&[transfer(1, 1, 2, 30), transfer(2, 2, 1, 1), reverse(3, 1)], "insufficient_funds at 2"),
    ];
    for (number, (operations, expected)) in cases.iter().enumerate() {
        assert_eq!(&outcome(operations), expected, "case {number}");
    }
}

#[test]
fn a_frozen_or_closed_account_takes_and_gives_nothing_and_its_holds_may_end() {
    for (standing, reason) in [(Standing::Frozen, Reason::AccountFrozen), (Standing::Closed, Reason::AccountClosed)] {
        let mut before = book();
        before.post(&[hold(1, 60, None)]).unwrap();
        let held = *before.hold(hold_id(1)).unwrap();
        let mut first = *before.account(account(1)).unwrap();
        first.standing = standing;
        let second = AccountState { balance_minor: 5, ..AccountState::new(account(2), eur(), Some(0)) };
        let mut book = Book::new([first, second], NOW).with_holds([held]);
        for operation in [transfer(1, 1, 2, 1), transfer(1, 2, 1, 1), hold(2, 1, None), capture(1, 1, None, false)] {
            assert_eq!(book.post(&[operation]).unwrap_err().reason, reason, "{operation:?}");
        }
        book.post(&[release(hold_id(1))]).unwrap();
        assert_eq!(book.account(account(1)).unwrap().held_minor, 0);
        assert_eq!(book.hold(hold_id(1)).unwrap().state, HoldState::Released);
    }
}

#[test]
fn an_effective_date_before_the_last_one_is_noted() {
    let mut book = book();
    let mut at = |number, days| {
        let effective_at = Some(NOW + Duration::days(days));
        let draft = TransferDraft::new(transfer_id(number), account(1), account(2), amount(1), eur());
        book.post(&[TransferDraft { effective_at, ..draft }.into()]).unwrap();
        book.account(account(1)).unwrap().in_order
    };
    assert!(at(1, -3) && at(2, -2) && at(3, -2));
    assert!(!at(4, -3));
    assert!(!at(5, 0), "once out of order, always");
}
