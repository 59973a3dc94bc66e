//! The fold of the entries, compared with what accounts say of themselves: no I/O.

use std::collections::BTreeSet;

use kernel::{LedgerAccountId, LedgerTransferId};
use uuid::Uuid;

use super::{
    AuditReport, Check, Finding,
    page::{AccountRow, EntryRow, Page},
};

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// The account whose entries go on in the next page.
    open: Option<Run>,
    report: AuditReport,
}

/// An account's entries so far.
#[derive(Debug)]
struct Run {
    account: LedgerAccountId,
    /// Place of the last entry.
    sequence: i64,
    /// Its transfer.
    last: Option<Uuid>,
    /// Their sum.
    balance_minor: i128,
    /// What has been told: of each kind the first, for the rest most likely follows from it.
    told: Vec<Check>,
}

fn name(transfer: Option<Uuid>) -> String {
    transfer.map_or_else(|| "none".to_owned(), |id| LedgerTransferId::from_uuid(id).to_string())
}

impl Run {
    const fn of(account: LedgerAccountId) -> Self {
        Self { account, sequence: 0, last: None, balance_minor: 0, told: Vec::new() }
    }

    fn tell(&mut self, report: &mut AuditReport, row: Option<&AccountRow>, finding: Finding) {
        if !self.told.contains(&finding.check) {
            self.told.push(finding.check);
            let (account, currency) = (Some(self.account), row.map(|row| row.currency));
            report.push(Finding { account, currency, ..finding });
        }
    }

    fn add(&mut self, report: &mut AuditReport, row: Option<&AccountRow>, entry: &EntryRow) {
        report.entries = report.entries.saturating_add(1);
        let at = |finding: Finding| Finding { sequence: Some(entry.sequence), ..finding };
        let next = self.sequence.saturating_add(1);
        if entry.sequence != next {
            self.tell(report, row, at(Finding::new(Check::Sequence, next, entry.sequence)));
        } else if entry.previous != self.last {
            self.tell(report, row, at(Finding::new(Check::Chain, name(self.last), name(entry.previous))));
        }
        self.sequence = entry.sequence;
        self.last = Some(entry.transfer);
        self.balance_minor = self.balance_minor.saturating_add(i128::from(entry.amount_minor));
        if self.balance_minor != i128::from(entry.balance_after_minor) {
            let finding = Finding::new(Check::RunningBalance, self.balance_minor, entry.balance_after_minor);
            self.tell(report, row, at(finding));
        }
        if let Some(row) = row
            && row.currency != entry.currency
        {
            let finding = Finding::new(Check::Currency, row.currency.code(), entry.currency.code());
            self.tell(report, Some(row), at(finding));
        }
    }

    /// Compares what the account says of itself with what was read of it.
    fn close(mut self, report: &mut AuditReport, row: Option<&AccountRow>, held_minor: i128) {
        let Some(row) = row else {
            return self.tell(report, None, Finding::new(Check::Account, "an account", "none"));
        };
        report.accounts = report.accounts.saturating_add(1);
        if row.sequence != self.sequence {
            self.tell(report, Some(row), Finding::new(Check::Sequence, self.sequence, row.sequence));
        } else if row.last != self.last {
            self.tell(report, Some(row), Finding::new(Check::Chain, name(self.last), name(row.last)));
        }
        if i128::from(row.balance_minor) != self.balance_minor {
            self.tell(report, Some(row), Finding::new(Check::Balance, self.balance_minor, row.balance_minor));
        }
        if i128::from(row.held_minor) != held_minor {
            self.tell(report, Some(row), Finding::new(Check::Held, held_minor, row.held_minor));
        }
    }
}

impl Fold {
    /// Adds a page and closes every account that ends in it.
    pub(super) fn add(&mut self, page: Page) {
        let Page { accounts, entries, held, unfinished, .. } = page;
        let entered: BTreeSet<_> = entries.iter().map(|entry| entry.account).collect();
        let named = accounts.keys().chain(held.keys()).copied();
        let all: BTreeSet<_> = entered.into_iter().chain(named).collect();
        let mut entries = entries.iter().peekable();
        for account in all {
            let row = accounts.get(&account);
            let mut run = self.open.take_if(|open| open.account == account).unwrap_or_else(|| Run::of(account));
            while let Some(entry) = entries.next_if(|entry| entry.account == account) {
                run.add(&mut self.report, row, entry);
            }
            if unfinished == Some(account) {
                self.open = Some(run);
            } else {
                run.close(&mut self.report, row, held.get(&account).copied().unwrap_or(0));
            }
        }
        // An account that was removed between two pages: nothing names it any more.
        if let Some(open) = self.open.take_if(|open| unfinished != Some(open.account)) {
            open.close(&mut self.report, None, 0);
        }
    }

    pub(super) fn into_report(self) -> AuditReport {
        self.report
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> LedgerAccountId {
        LedgerAccountId::from_uuid(Uuid::from_u128(number))
    }

    fn row(balance_minor: i64, held_minor: i64, sequence: i64) -> AccountRow {
        AccountRow { currency: "eur".parse().unwrap(), balance_minor, held_minor, sequence, last: None }
    }

    /// The transfer of an entry; none in front of the first.
    fn transfer(account: u128, sequence: i64) -> Option<Uuid> {
        let place = u64::try_from(sequence).unwrap();
        (place > 0).then(|| Uuid::from_u64_pair(u64::try_from(account).unwrap(), place))
    }

    fn entry(account: u128, sequence: i64, amount_minor: i64, balance_after_minor: i64) -> EntryRow {
        let currency = "eur".parse().unwrap();
        let (this, previous) = (transfer(account, sequence).unwrap(), transfer(account, sequence.saturating_sub(1)));
        EntryRow {
            account: id(account),
            sequence,
            transfer: this,
            previous,
            amount_minor,
            balance_after_minor,
            currency,
        }
    }

    fn page(accounts: &[(u128, AccountRow)], entries: &[EntryRow], held: &[(u128, i128)]) -> Page {
        Page {
            accounts: accounts
                .iter()
                .map(|(account, row)| (id(*account), AccountRow { last: transfer(*account, row.sequence), ..*row }))
                .collect::<BTreeMap<_, _>>(),
            entries: entries.to_vec(),
            held: held.iter().map(|(account, minor)| (id(*account), *minor)).collect(),
            unfinished: None,
            next: None,
        }
    }

    /// `account check[@sequence] expected found` of every finding.
    fn told(pages: Vec<Page>) -> Vec<String> {
        let mut fold = Fold::default();
        for page in pages {
            fold.add(page);
        }
        let told = fold.into_report().findings.into_iter().map(|finding| {
            let account = finding.account.map_or(0, |account| account.as_uuid().as_u128());
            let at = finding.sequence.map(|sequence| format!("@{sequence}")).unwrap_or_default();
            format!("{account} {}{at} {} {}", finding.check.as_str(), finding.expected, finding.found)
        });
        told.collect()
    }

    #[test]
    fn what_is_right_is_not_told() {
        let entries = [entry(1, 1, -5, -5), entry(1, 2, 2, -3), entry(2, 1, 5, 5), entry(2, 2, -2, 3)];
        let accounts = [(1, row(-3, 0, 2)), (2, row(3, 2, 2)), (3, row(0, 0, 0))];
        assert_eq!(told(vec![page(&accounts, &entries, &[(2, 2)])]), Vec::<String>::new());
    }

    #[test]
    fn everything_wrong_is_told_once_with_what_should_be_there() {
        let right = [entry(1, 1, 5, 5), entry(1, 2, 2, 7), entry(1, 3, 1, 8)];
        let astray = EntryRow { previous: transfer(1, 1), ..right[2] };
        let mut elsewhere = page(&[(1, row(8, 0, 3))], &right, &[]);
        elsewhere.accounts.insert(id(1), AccountRow { last: None, ..row(8, 0, 3) });
        let named = |sequence| LedgerTransferId::from_uuid(transfer(1, sequence).unwrap());
        let (in_the_middle, at_the_end) =
            (format!("1 chain@3 {} {}", named(2), named(1)), format!("1 chain {} none", named(3)));
        let cases: [(&str, Page, &[&str]); 10] = [
            ("a link", page(&[(1, row(8, 0, 3))], &[right[0], right[1], astray], &[]), &[&in_the_middle]),
            ("the last link", elsewhere, &[&at_the_end]),
            ("a balance", page(&[(1, row(9, 0, 3))], &right, &[]), &["1 balance 8 9"]),
            (
                "an entry is missing",
                page(&[(1, row(8, 0, 3))], &[right[0], right[2]], &[]),
                &["1 sequence@3 2 3", "1 running_balance@3 6 8", "1 balance 6 8"],
            ),
            (
                "the last entry is missing",
                page(&[(1, row(8, 0, 3))], &right[..2], &[]),
                &["1 sequence 2 3", "1 balance 7 8"],
            ),
            (
                "a running balance",
                page(&[(1, row(8, 0, 3))], &[right[0], entry(1, 2, 2, 6), right[2]], &[]),
                &["1 running_balance@2 7 6"],
            ),
            ("more is kept back", page(&[(1, row(8, 4, 3))], &right, &[(1, 3)]), &["1 held 3 4"]),
            ("less is kept back", page(&[(1, row(8, 0, 3))], &right, &[(1, 3)]), &["1 held 3 0"]),
            ("entries without an account", page(&[], &right, &[]), &["1 account an account none"]),
            ("a hold without an account", page(&[], &[], &[(1, 3)]), &["1 account an account none"]),
        ];
        for (name, page, expected) in cases {
            assert_eq!(told(vec![page]), expected, "{name}");
        }
    }

    #[test]
    fn another_currency_is_told() {
        let foreign = EntryRow { currency: "usd".parse().unwrap(), ..entry(1, 1, 5, 5) };
        assert_eq!(told(vec![page(&[(1, row(5, 0, 1))], &[foreign], &[])]), ["1 currency@1 eur usd"]);
    }

    #[test]
    fn an_account_may_be_longer_than_a_page() {
        let part = |entries: &[EntryRow]| Page {
            unfinished: Some(id(1)),
            // As it was then; it is compared as it is at its last page.
            ..page(&[(1, row(99, 0, 99))], entries, &[])
        };
        let last = page(&[(1, row(8, 0, 3)), (2, row(0, 0, 0))], &[entry(1, 3, 1, 8)], &[]);
        assert_eq!(told(vec![part(&[entry(1, 1, 5, 5)]), part(&[entry(1, 2, 2, 7)]), last]), Vec::<String>::new());
        let nothing_more = page(&[(1, row(8, 0, 1))], &[], &[]);
        assert_eq!(told(vec![part(&[entry(1, 1, 5, 5)]), nothing_more]), ["1 balance 5 8"]);
        assert_eq!(told(vec![part(&[entry(1, 1, 5, 5)]), page(&[], &[], &[])]), ["1 account an account none"]);
    }
}
