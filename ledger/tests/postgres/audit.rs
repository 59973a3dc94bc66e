//! What is wrong in the books is found and named, by somebody who walks them page by page while others post.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kernel::{Amount, Clock as _, LedgerAccountId, LedgerHoldId, Mode, SystemClock};
use ledger::{AuditPages, AuditReport, Operation, audit, audit_by, rules::HoldDraft};
use tenancy::Environment;
use uuid::Uuid;

use crate::{CLOCK, ENTROPY, Environments, eur, funded, one_environment, transfer};

/// Pages so small that every account is longer than one.
const TINY: AuditPages = AuditPages { accounts_max: 2, entries_max: 3 };

/// Three accounts that moved money back and forth, the second of which keeps 40 back.
async fn busy(environments: &Environments, environment: &Arc<Environment>) -> Vec<LedgerAccountId> {
    let accounts = funded(environments, environment, &[100, 200, 0]).await;
    let tx = environments.begin(environment).await;
    for round in 0..4 {
        for (from, to) in [(0, 1), (1, 2), (2, 0)] {
            let amount = 10 + round;
            ledger::post_in(&tx, &[transfer(accounts[from], accounts[to], amount)], CLOCK.now()).await.unwrap();
        }
    }
    for amount in [15, 25] {
        let hold = Operation::Hold(HoldDraft {
            id: LedgerHoldId::generate(CLOCK, ENTROPY),
            debit: accounts[1],
            credit: accounts[2],
            amount: Amount::try_new(amount).unwrap(),
            currency: eur(),
            expires_at: None,
        });
        ledger::post_in(&tx, &[hold], CLOCK.now()).await.unwrap();
    }
    tx.commit(()).await.unwrap();
    accounts
}

/// `check[@entry] expected found` of every finding, with the number of its account.
fn told(report: &AuditReport, accounts: &[LedgerAccountId]) -> Vec<String> {
    let told = report.findings.iter().map(|finding| {
        let account = finding.account.map(|id| accounts.iter().position(|known| *known == id));
        let account = match account {
            None => "all".to_owned(),
            Some(None) => "other".to_owned(),
            Some(Some(index)) => index.to_string(),
        };
        let at = finding.sequence.map(|sequence| format!("@{sequence}")).unwrap_or_default();
        format!("{account} {}{at} {} {}", finding.check.as_str(), finding.expected, finding.found)
    });
    let mut told: Vec<_> = told.collect();
    told.sort();
    told
}

#[tokio::test]
async fn books_that_are_right_pass_whatever_the_size_of_a_page() {
    let (environments, environment) = one_environment().await;
    let accounts = busy(&environments, &environment).await;
    let expected = AuditReport { accounts: 4, entries: 28, ..AuditReport::default() };
    assert_eq!(audit(environments.database(), &environment).await.unwrap(), expected);
    for (accounts_max, entries_max) in [(2, 1), (2, 3), (3, 7), (100, 2), (2, 100)] {
        let pages = AuditPages { accounts_max, entries_max };
        assert_eq!(audit_by(environments.database(), &environment, pages).await.unwrap(), expected, "{pages:?}");
    }
    assert_eq!(accounts.len(), 3);
    let empty = environments.create(Mode::Live).await;
    assert_eq!(audit(environments.database(), &empty).await.unwrap(), AuditReport::default());
}

/// What is changed, how, and what an audit then says.
type Change = (&'static str, String, Vec<&'static str>);

fn changes(accounts: &[LedgerAccountId]) -> Vec<Change> {
    let ids = [0, 1, 2].map(|index: usize| accounts[index].as_uuid());
    let mut changes = changes_of_transfers(ids);
    changes.extend(changes_of_accounts(ids));
    changes
}

fn changes_of_accounts([a, b, c]: [Uuid; 3]) -> Vec<Change> {
    vec![
        (
            "a balance",
            format!("UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE id = '{a}'"),
            vec!["0 balance 100 101", "all zero_sum 0 1"],
        ),
        (
            "a hold",
            format!("UPDATE ledger_hold SET remaining_minor = 14 WHERE amount_minor = 15 AND debit_account_id = '{b}'"),
            vec!["1 held 39 40"],
        ),
        (
            "what an account keeps back",
            format!("UPDATE ledger_account SET held_minor = 0 WHERE id = '{b}'"),
            vec!["1 held 40 0"],
        ),
        (
            "a number of entries",
            format!("UPDATE ledger_account SET sequence = 4 WHERE id = '{c}'"),
            vec!["2 sequence 8 4", "all transfers 28 24"],
        ),
        (
            "an account",
            format!("DELETE FROM ledger_account WHERE id = '{c}'"),
            vec!["2 account an account none", "all transfers 28 20"],
        ),
    ]
}

fn changes_of_transfers([a, b, c]: [Uuid; 3]) -> Vec<Change> {
    vec![
        (
            "a missing entry",
            format!("DELETE FROM ledger_transfer WHERE debit_account_id = '{b}' AND debit_sequence = 5"),
            // The same row is an entry of the third account. Both chains end behind it.
            vec![
                "1 balance 0 200",
                "1 running_balance@6 12 212",
                "1 sequence@6 1 6",
                "2 balance -11 0",
                "2 running_balance@4 -11 0",
                "2 sequence@4 1 4",
                "all transfers 26 28",
            ],
        ),
        (
            "the newest entry",
            format!("DELETE FROM ledger_transfer WHERE debit_account_id = '{c}' AND debit_sequence = 8"),
            vec!["0 balance 0 100", "0 sequence 0 9", "2 sequence 0 8", "all transfers 26 28"],
        ),
        (
            "a running balance",
            format!(
                "UPDATE ledger_transfer SET credit_balance_minor = 7 WHERE credit_account_id = '{c}' AND credit_sequence = 3"
            ),
            vec!["2 running_balance@3 11 7"],
        ),
        (
            "an amount",
            format!(
                "UPDATE ledger_transfer SET amount_minor = 12 WHERE debit_account_id = '{a}' AND debit_sequence = 2"
            ),
            vec!["0 balance 98 100", "0 running_balance@2 88 90", "1 balance 202 200", "1 running_balance@2 212 210"],
        ),
        (
            "a currency",
            format!(
                "UPDATE ledger_transfer SET currency = 'usd' WHERE debit_account_id = '{c}' AND debit_sequence = 2"
            ),
            vec!["0 currency@3 eur usd", "2 currency@2 eur usd"],
        ),
        (
            "a link of the chain",
            format!(
                "UPDATE ledger_transfer SET debit_previous_id = NULL WHERE debit_account_id = '{a}' AND debit_sequence = 2"
            ),
            vec!["0 balance 0 100", "0 running_balance@2 -10 90", "0 sequence@2 1 2"],
        ),
    ]
}

#[tokio::test]
async fn whatever_a_superuser_changes_is_found_and_named() {
    let (environments, environment) = one_environment().await;
    let accounts = busy(&environments, &environment).await;
    for (name, change, expected) in changes(&accounts) {
        environments.tamper(&environment, &format!("CREATE TABLE was_transfer AS TABLE ledger_transfer; CREATE TABLE was_account AS TABLE ledger_account; CREATE TABLE was_hold AS TABLE ledger_hold; {change}")).await;
        for pages in [AuditPages::default(), TINY] {
            let report = audit_by(environments.database(), &environment, pages).await.unwrap();
            assert_eq!(told(&report, &accounts), expected, "{name} by {pages:?}");
            assert_eq!(report.findings_count, u64::try_from(expected.len()).unwrap());
        }
        let restore = ["transfer", "account", "hold"].map(|table| {
            format!(
                "DELETE FROM ledger_{table}; INSERT INTO ledger_{table} SELECT * FROM was_{table}; DROP TABLE was_{table};"
            )
        });
        environments.tamper(&environment, &restore.join(" ")).await;
        assert_eq!(audit(environments.database(), &environment).await.unwrap().findings, [], "{name} is mended");
    }
}

#[tokio::test]
async fn an_audit_among_postings_finds_nothing_that_is_not_there() {
    let (environments, environment) = one_environment().await;
    let accounts = Arc::new(busy(&environments, &environment).await);
    let environments = Arc::new(environments);
    let over = Arc::new(AtomicBool::new(false));
    let post = |from: usize, to: usize| {
        let (environments, environment) = (Arc::clone(&environments), Arc::clone(&environment));
        let (accounts, over) = (Arc::clone(&accounts), Arc::clone(&over));
        tokio::spawn(async move {
            let mut posted = 0_u64;
            while !over.load(Ordering::SeqCst) {
                let tx = environments.begin(&environment).await;
                let transfers = [transfer(accounts[from], accounts[to], 1), transfer(accounts[to], accounts[from], 1)];
                ledger::post_in(&tx, &transfers, SystemClock.now()).await.unwrap();
                tx.commit(()).await.unwrap();
                posted += 2;
            }
            posted
        })
    };
    let posters = [post(0, 1), post(1, 0)];
    let mut seen = 0;
    for _ in 0..5 {
        for pages in [AuditPages { accounts_max: 2, entries_max: 40 }, AuditPages::default()] {
            let report = audit_by(environments.database(), &environment, pages).await.unwrap();
            assert_eq!(report.findings, [], "{pages:?}");
            assert!(report.entries >= seen, "entries do not go away");
            seen = report.entries;
        }
    }
    over.store(true, Ordering::SeqCst);
    let mut posted = 0;
    for poster in posters {
        posted += poster.await.unwrap();
    }
    let report = audit(environments.database(), &environment).await.unwrap();
    assert_eq!((report.entries, report.findings_count), (28 + 2 * posted, 0));
}
