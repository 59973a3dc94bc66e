//! One line a case: accounts as `name currency balance floor` (`-` is no floor), the posting as
//! `debit>credit amount currency`, and what comes of it. Ordered by precedence, first rule first.

use kernel::{Amount, Currency, LedgerAccountId, LedgerTransferId};
use ledger::rules::{AccountState, Book, Operation, POSTING_OPERATIONS_MAX, Reason, Rejection, TransferDraft};
use time::OffsetDateTime;
use uuid::Uuid;

const MAX: &str = "9007199254740991";

fn account_id(name: &str) -> LedgerAccountId {
    LedgerAccountId::from_uuid(Uuid::from_u128(u128::from(name.as_bytes()[0])))
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn account(text: &str) -> AccountState {
    let [name, code, balance, floor] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("account: {text}") };
    let floor = (floor != "-").then(|| floor.parse().unwrap());
    AccountState {
        balance_minor: balance.parse().unwrap(),
        ..AccountState::new(account_id(name), currency(code), floor)
    }
}

fn transfer(position: usize, text: &str) -> Operation {
    let [sides, amount, code] = text.split(' ').collect::<Vec<_>>()[..] else { panic!("transfer: {text}") };
    let (debit, credit) = sides.split_once('>').unwrap();
    let id = LedgerTransferId::from_uuid(Uuid::from_u128(1_000 + position as u128));
    let amount = Amount::try_new(amount.parse().unwrap()).unwrap();
    TransferDraft::new(id, account_id(debit), account_id(credit), amount, currency(code)).into()
}

fn book(accounts: &[AccountState]) -> Book {
    Book::new(accounts.iter().copied(), OffsetDateTime::UNIX_EPOCH)
}

fn list<T>(text: &str, parse: impl Fn(usize, &str) -> T) -> Vec<T> {
    text.split(", ").filter(|part| !part.is_empty()).enumerate().map(|(position, part)| parse(position, part)).collect()
}

/// `a 40, b 60` of all accounts, or `<code> at <position>`.
fn outcome(accounts: &str, posting: &str) -> String {
    let accounts = list(accounts, |_, text| account(text));
    let mut book = book(&accounts);
    let untouched = book.clone();
    match book.post(&list(posting, transfer)) {
        Ok(_) => accounts
            .iter()
            .map(|account| {
                let name = char::from(u8::try_from(account.id.as_uuid().as_u128()).unwrap());
                format!("{name} {}", book.account(account.id).unwrap().balance_minor)
            })
            .collect::<Vec<_>>()
            .join(", "),
        Err(Rejection { operation, reason }) => {
            assert_eq!(book, untouched, "a rejected posting leaves the book as it was");
            format!("{} at {operation}", reason.code())
        }
    }
}

#[test]
fn every_rule_in_order_of_precedence() {
    let i64_max = i64::MAX.to_string();
    let i64_min = i64::MIN.to_string();
    let full = format!("a eur 5 0, b eur {i64_max} 0");
    let empty = format!("a eur {i64_min} -, b eur 0 0");
    let near_full = format!("a eur {MAX} 0, b eur {} 0", i64::MAX - 9_007_199_254_740_991);
    let largest = format!("a>b {MAX} eur");
    let largest_moved = format!("a 0, b {i64_max}");
    let cases: &[(&str, &str, &str)] = &[
        // The shape of a posting.
        ("a eur 1 0, b eur 0 0", "", "empty_posting at 0"),
        // One account on both sides, before anything is asked of it.
        ("a eur 9 0, b eur 0 0", "a>a 1 eur", "same_account at 0"),
        ("b eur 0 0", "a>a 1 usd", "same_account at 0"),
        // Accounts exist.
        ("b eur 0 0", "a>b 1 eur", "account_missing at 0"),
        ("a eur 9 0", "a>b 1 eur", "account_missing at 0"),
        ("a usd 0 0", "a>b 1 eur", "account_missing at 0"),
        // One currency on both sides and in the transfer.
        ("a eur 9 0, b usd 0 0", "a>b 1 eur", "currency_mismatch at 0"),
        ("a usd 9 0, b eur 0 0", "a>b 1 eur", "currency_mismatch at 0"),
        ("a eur 9 0, b eur 0 0", "a>b 1 usd", "currency_mismatch at 0"),
        ("a eur 0 0, b usd 0 0", "a>b 1 eur", "currency_mismatch at 0"),
        // The floor of the debit side.
        ("a eur 0 0, b eur 0 0", "a>b 1 eur", "insufficient_funds at 0"),
        ("a eur 9 0, b eur 0 0", "a>b 10 eur", "insufficient_funds at 0"),
        ("a eur 9 0, b eur 0 0", "a>b 9 eur", "a 0, b 9"),
        ("a eur 0 -5, b eur 0 0", "a>b 5 eur", "a -5, b 5"),
        ("a eur 0 -5, b eur 0 0", "a>b 6 eur", "insufficient_funds at 0"),
        ("a eur 0 -, b eur 0 0", "a>b 6 eur", "a -6, b 6"),
        // Where a floor is broken already, credits help and debits are refused.
        ("a eur 9 0, b eur -7 0", "a>b 1 eur", "a 8, b -6"),
        ("a eur 9 0, b eur -7 0", "b>a 1 eur", "insufficient_funds at 0"),
        // The range of a balance.
        (&full, "a>b 1 eur", "balance_overflow at 0"),
        (&empty, "a>b 1 eur", "balance_overflow at 0"),
        (&near_full, &largest, &largest_moved),
        // Linked transfers: in order, each on what the one before left, all or none.
        ("a eur 9 0, b eur 0 0, c eur 0 0", "a>b 9 eur, b>c 4 eur", "a 0, b 5, c 4"),
        ("a eur 9 0, b eur 0 0, c eur 0 0", "b>c 4 eur, a>b 9 eur", "insufficient_funds at 0"),
        ("a eur 9 0, b eur 0 0, c eur 0 0", "a>b 5 eur, a>c 5 eur", "insufficient_funds at 1"),
        ("a eur 9 0, b eur 0 0, c usd 0 0", "a>b 5 eur, b>c 5 eur", "currency_mismatch at 1"),
        ("a eur 9 0, b eur 0 0", "a>b 9 eur, b>a 9 eur", "a 9, b 0"),
        // Two currencies in one posting: two legs each.
        ("a eur 9 0, b usd 0 0, x eur 0 -, y usd 0 -", "a>x 9 eur, y>b 10 usd", "a 0, b 10, x 9, y -10"),
    ];
    for (accounts, posting, expected) in cases {
        assert_eq!(&outcome(accounts, posting), expected, "{accounts} | {posting}");
    }
}

#[test]
fn a_posting_has_a_bound_and_names_a_transfer_once() {
    let accounts = || list("a eur 9 -, b eur 0 -", |_, text| account(text));
    let longest: Vec<_> = (0..POSTING_OPERATIONS_MAX).map(|position| transfer(position, "a>b 1 eur")).collect();
    let mut book = book(&accounts());
    assert_eq!(book.post(&longest).unwrap().transfers.len(), POSTING_OPERATIONS_MAX);
    let mut too_long = longest;
    too_long.push(transfer(POSTING_OPERATIONS_MAX, "a>b 1 eur"));
    let reason = book.post(&too_long).unwrap_err().reason;
    assert_eq!(reason, Reason::PostingTooLong);

    let twice = [transfer(0, "a>b 1 eur"), transfer(0, "a>b 1 eur")];
    let refused = Book::new(accounts(), OffsetDateTime::UNIX_EPOCH).post(&twice);
    assert_eq!(refused, Err(Rejection { operation: 1, reason: Reason::IdRepeated }));
}

#[test]
fn entries_are_dense_and_carry_the_balance_after_each() {
    let mut book = book(&list("a eur 9 0, b eur 1 0, c eur 3 0", |_, text| account(text)));
    let posted = book.post(&list("a>b 4 eur, b>a 2 eur", transfer)).unwrap();
    let sides: Vec<_> = posted
        .transfers
        .iter()
        .flat_map(|transfer| [transfer.debit, transfer.credit])
        .map(|side| {
            let name = char::from(u8::try_from(side.account.as_uuid().as_u128()).unwrap());
            format!("{name}{} = {}", side.sequence, side.balance_after_minor)
        })
        .collect();
    assert_eq!(sides, ["a1 = 5", "b1 = 5", "b2 = 3", "a2 = 7"]);
    let first = posted.transfers[0].id;
    assert!(posted.transfers.iter().all(|transfer| transfer.posting == Some(first)), "they are linked by the first");
    let changes = book.take_changes();
    let sequences: Vec<_> =
        changes.accounts.iter().map(|change| (change.before.sequence, change.after.sequence)).collect();
    assert_eq!(sequences, [(0, 2), (0, 2)], "each touched account once, the untouched one not at all");
}

#[test]
fn a_posting_asked_for_again_answers_as_before_and_with_another_body_is_refused() {
    let mut book = book(&list("a eur 9 0, b eur 0 0", |_, text| account(text)));
    let first = book.post(&list("a>b 9 eur", transfer)).unwrap();
    let again = book.post(&list("a>b 9 eur", transfer)).unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!(first.transfers, again.transfers);
    for other in ["a>b 8 eur", "b>a 9 eur", "a>b 9 usd", "a>b 9 eur, a>b 1 eur"] {
        let refused = book.post(&list(other, transfer)).unwrap_err();
        assert_eq!(refused.reason, Reason::DuplicateWithOtherBody, "{other}");
    }
    assert_eq!(book.take_changes().transfers.len(), 1);
}
