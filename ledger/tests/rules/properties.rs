//! Properties of the rules against a model so plain that it is seen to be right.

use std::collections::HashMap;

use kernel::{Amount, LedgerAccountId, LedgerTransferId};
use ledger::rules::{AccountState, Book, Changes, Operation, TransferDraft};
use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

const ACCOUNTS: u8 = 5;
const CURRENCIES: [&str; 2] = ["eur", "jpy"];

/// What the model knows of an account: currency, floor, balance.
type Model = HashMap<LedgerAccountId, (&'static str, Option<i64>, i128)>;

fn id(number: u8) -> LedgerAccountId {
    LedgerAccountId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn balances() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -50_i64..200, 1 => Just(i64::MAX), 1 => Just(i64::MIN), 1 => i64::MAX - 100..i64::MAX]
}

fn accounts() -> impl Strategy<Value = Vec<AccountState>> {
    let account = (0..CURRENCIES.len(), prop::option::weighted(0.7, -60_i64..20), balances(), 0_i64..3);
    prop::collection::vec(account, usize::from(ACCOUNTS)).prop_map(|rows| {
        (0_u8..)
            .zip(rows)
            .map(|(number, (currency, floor_minor, balance_minor, sequence))| AccountState {
                balance_minor,
                sequence,
                ..AccountState::new(id(number), CURRENCIES[currency].parse().unwrap(), floor_minor)
            })
            .collect()
    })
}

/// Accounts 0 to 4 exist, 5 does not; transfer ids are given by position afterwards.
fn postings() -> impl Strategy<Value = Vec<Vec<TransferDraft>>> {
    let amount = prop_oneof![6 => 1_i64..120, 1 => Just(Amount::MAX_MINOR)];
    let transfer = (0..=ACCOUNTS, 0..ACCOUNTS, amount, 0..CURRENCIES.len());
    prop::collection::vec(prop::collection::vec(transfer, 0..4), 0..12).prop_map(|rows| {
        let mut number = 0_u128;
        rows.into_iter()
            .map(|posting| {
                posting
                    .into_iter()
                    .map(|(debit, credit, amount, currency)| {
                        number += 1;
                        TransferDraft::new(
                            LedgerTransferId::from_uuid(Uuid::from_u128(number)),
                            id(debit),
                            id(credit),
                            Amount::try_new(amount).unwrap(),
                            CURRENCIES[currency].parse().unwrap(),
                        )
                    })
                    .collect()
            })
            .collect()
    })
}

fn open(accounts: &[AccountState]) -> Book {
    Book::new(accounts.iter().copied(), OffsetDateTime::UNIX_EPOCH)
}

fn operations(posting: &[TransferDraft]) -> Vec<Operation> {
    posting.iter().map(|draft| Operation::from(*draft)).collect()
}

fn model_of(accounts: &[AccountState]) -> Model {
    accounts
        .iter()
        .map(|account| {
            let currency = CURRENCIES[usize::from(account.currency.code() == CURRENCIES[1])];
            (account.id, (currency, account.floor_minor, i128::from(account.balance_minor)))
        })
        .collect()
}

/// The posting in the model: whether it took effect.
fn post_in_model(model: &mut Model, posting: &[TransferDraft]) -> bool {
    let mut next = model.clone();
    for transfer in posting {
        if transfer.debit == transfer.credit {
            return false;
        }
        let amount = i128::from(transfer.amount.minor());
        for (account, change) in [(transfer.debit, -amount), (transfer.credit, amount)] {
            let Some((currency, floor, balance)) = next.get_mut(&account) else { return false };
            *balance += change;
            let below = change < 0 && floor.is_some_and(|floor| *balance < i128::from(floor));
            if *currency != transfer.currency.code() || below || i64::try_from(*balance).is_err() {
                return false;
            }
        }
    }
    *model = next;
    !posting.is_empty()
}

fn total(accounts: impl Iterator<Item = AccountState>, currency: &str) -> i128 {
    accounts
        .filter(|account| account.currency.code() == currency)
        .map(|account| i128::from(account.balance_minor))
        .sum()
}

fn states(book: &Book) -> Vec<AccountState> {
    (0..ACCOUNTS).map(|number| *book.account(id(number)).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_agree_with_the_model_and_a_refusal_changes_nothing(accounts in accounts(), postings in postings()) {
        let mut book = open(&accounts);
        let mut model = model_of(&accounts);
        for posting in &postings {
            let before = book.clone();
            let accepted = book.post(&operations(posting)).is_ok();
            prop_assert_eq!(accepted, post_in_model(&mut model, posting));
            if !accepted {
                prop_assert_eq!(&book, &before);
            }
        }
        for state in states(&book) {
            prop_assert_eq!(i128::from(state.balance_minor), model[&state.id].2);
        }
    }

    #[test]
    fn money_is_conserved_per_currency(accounts in accounts(), postings in postings()) {
        let mut book = open(&accounts);
        for posting in &postings {
            let _rejected = book.post(&operations(posting));
        }
        for currency in CURRENCIES {
            prop_assert_eq!(
                total(states(&book).into_iter(), currency),
                total(accounts.iter().copied(), currency)
            );
        }
    }

    #[test]
    fn no_debit_takes_an_account_below_its_floor(accounts in accounts(), postings in postings()) {
        let mut book = open(&accounts);
        for posting in &postings {
            let _rejected = book.post(&operations(posting));
        }
        for (before, after) in accounts.iter().zip(states(&book)) {
            if let Some(floor) = before.floor_minor {
                prop_assert!(after.balance_minor >= floor.min(before.balance_minor));
            }
        }
    }

    #[test]
    fn a_batch_is_the_same_as_its_postings_one_by_one(accounts in accounts(), postings in postings()) {
        let mut batch = open(&accounts);
        let batch_results: Vec<_> = postings.iter().map(|posting| batch.post(&operations(posting))).collect();
        // A book that goes on after what it came to was written.
        let mut going_on = open(&accounts);

        let mut stored = accounts.clone();
        let mut transfers = Vec::new();
        let mut results = Vec::new();
        for posting in &postings {
            let mut book = open(&stored);
            results.push(book.post(&operations(posting)));
            let changes = book.take_changes();
            prop_assert_eq!(&going_on.post(&operations(posting)), results.last().unwrap());
            prop_assert_eq!(&going_on.take_changes(), &changes);
            for change in changes.accounts {
                let place = stored.iter_mut().find(|account| account.id == change.after.id).unwrap();
                prop_assert_eq!(place.sequence, change.before.sequence);
                *place = change.after;
            }
            transfers.extend(changes.transfers);
        }

        prop_assert_eq!(batch_results, results);
        prop_assert_eq!(batch.take_changes().transfers, transfers);
        prop_assert_eq!(states(&going_on), stored.clone());
        let without_version = |states: Vec<AccountState>| -> Vec<_> {
            states.into_iter().map(|account| AccountState { version: 0, ..account }).collect()
        };
        prop_assert_eq!(without_version(states(&batch)), without_version(stored));
    }

    #[test]
    fn what_is_taken_back_was_never_there(accounts in accounts(), postings in postings()) {
        let mut book = open(&accounts);
        for _ in 0..2 {
            for posting in &postings {
                let _rejected = book.post(&operations(posting));
            }
            book.undo();
            prop_assert_eq!(states(&book), accounts.clone());
        }
        prop_assert_eq!(book.take_changes(), Changes::default());
    }

    #[test]
    fn every_account_is_the_fold_of_its_entries(accounts in accounts(), postings in postings()) {
        let mut book = open(&accounts);
        for posting in &postings {
            let _rejected = book.post(&operations(posting));
        }
        let after = states(&book);
        let changes = book.take_changes();
        for (before, after) in accounts.iter().zip(&after) {
            let mut balance = before.balance_minor;
            let mut sequence = before.sequence;
            let sides = changes.transfers.iter().flat_map(|transfer| {
                let amount = transfer.amount.minor();
                [(transfer.debit, -amount), (transfer.credit, amount)]
            });
            for (side, amount) in sides.filter(|(side, _)| side.account == before.id) {
                balance += amount;
                sequence += 1;
                prop_assert_eq!((side.sequence, side.balance_after_minor), (sequence, balance));
            }
            prop_assert_eq!((sequence, balance), (after.sequence, after.balance_minor));
        }
    }
}
