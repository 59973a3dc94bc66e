//! The judge is shown books and logs with an error in them, one at a time: it has to find every one.

use super::{
    books::{Account, Books},
    client::{Call, Outcome},
    oracle::{self, Case},
};
use crate::app::App;

/// Plants an error; false where there is nothing to plant it in.
type Plant = fn(&mut Books, &mut Vec<Call>) -> bool;

const PLANTED: &[(&str, Plant)] = &[
    ("an acknowledged transfer is lost in both tables", |books, _| {
        let Some(place) = books.transfers.iter().position(|transfer| transfer.key.is_some()) else { return false };
        let lost = books.transfers.remove(place);
        books.ledger_transfers.retain(|transfer| transfer.id != lost.id);
        true
    }),
    ("a transfer is there twice", |books, _| {
        let Some(transfer) = books.transfers.iter().find(|transfer| transfer.key.is_some()).cloned() else {
            return false;
        };
        let again = super::books::Transfer { id: uuid::Uuid::from_u128(7), ..transfer };
        books.transfers.push(again.clone());
        books.ledger_transfers.push(again);
        true
    }),
    ("a capture is there twice", |books, _| {
        let Some(capture) = books.transfers.iter().find(|transfer| transfer.hold.is_some()).cloned() else {
            return false;
        };
        let again = super::books::Transfer { id: uuid::Uuid::from_u128(7), ..capture };
        books.transfers.push(again.clone());
        books.ledger_transfers.push(again);
        true
    }),
    ("a transfer of the API is not in the ledger", |books, _| books.ledger_transfers.pop().is_some()),
    ("a reversal undoes another transfer", |books, _| {
        let reversal = books.transfers.iter_mut().find(|transfer| transfer.reverses.is_some());
        reversal.is_some_and(|reversal| reversal.reverses.replace(uuid::Uuid::from_u128(7)).is_some())
    }),
    ("a captured hold is pending", |books, _| {
        let hold = books.holds.iter_mut().find(|hold| hold.state == "captured");
        hold.is_some_and(|hold| {
            "pending".clone_into(&mut hold.state);
            true
        })
    }),
    ("a hold keeps back a cent more", |books, _| {
        let hold = books.holds.iter_mut().find(|hold| hold.state == "pending");
        hold.is_some_and(|hold| {
            hold.remaining += 1;
            true
        })
    }),
    ("a cent went from one wallet to another", |books, _| {
        let mut accounts: Vec<&mut Account> =
            books.accounts.values_mut().filter(|account| account.floor.is_some()).collect();
        accounts[0].balance += 1;
        accounts[1].balance -= 1;
        true
    }),
    ("an audit record is lost", |books, _| books.audit.pop_first().is_some()),
    ("a refusal was recorded twice", |books, _| {
        let line = books.audit.iter_mut().find(|(line, _)| line.outcome == "refused");
        line.is_some_and(|(_, number)| {
            *number += 1;
            true
        })
    }),
    ("an event is lost", |books, _| books.events.pop_last().is_some()),
    ("an event is told twice", |books, _| {
        books.events.values_mut().next().is_some_and(|number| {
            *number += 1;
            true
        })
    }),
    ("an idempotency record is lost", |books, _| books.records.pop_first().is_some()),
    ("a stored answer is another than was given", |books, _| {
        let record = books.records.values_mut().find(|record| record.status == Some(200));
        record.is_some_and(|record| {
            record.body = record.body.take().map(|body| format!("{body} "));
            true
        })
    }),
    ("an order that nobody knows took effect", |_, log| log.pop().is_some()),
    ("what was refused was acknowledged", |_, log| {
        let call = log.iter_mut().find(|call| matches!(call.outcome, Outcome::Refused { .. }));
        call.is_some_and(|call| {
            call.outcome = Outcome::Acknowledged { text: String::new() };
            true
        })
    }),
];

/// Shows the judge each planted error in books that it has found to be right.
pub fn every_planted_error_is_found(app: &App, case: Case<'_>) {
    assert_eq!(oracle::violations(case), Vec::<String>::new(), "the books are right to begin with");
    for (error, plant) in PLANTED {
        let (mut after, mut log) = (case.after.clone(), case.log.to_vec());
        assert!(plant(&mut after, &mut log), "there is nothing to plant in: {error}");
        let found = oracle::violations(Case { after: &after, log: &log, ..case });
        assert!(!found.is_empty(), "not found: {error}");
    }
    app.note(format!("{} planted errors, each found", PLANTED.len()));
}
