//! Accounts in hand, and what has been posted to them so far.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{LedgerAccountId, LedgerHoldId, LedgerTransferId};
use time::OffsetDateTime;

use super::{AccountState, Hold, HoldDraft, Operation, Posted, Reason, Rejection, Transfer, TransferDraft, page::Page};

/// Most operations of one posting.
pub const POSTING_OPERATIONS_MAX: usize = 10_000;

/// An account that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// What it must still be when it is written.
    pub before: AccountState,
    /// As it is to be written.
    pub after: AccountState,
}

/// A hold that is new or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldChange {
    /// What it must still be when it is written; `None` where it is new.
    pub before: Option<Hold>,
    /// As it is to be written.
    pub after: Hold,
}

/// What accepted postings come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changed accounts in id order, each once.
    pub accounts: Vec<AccountChange>,
    /// New transfers in the order they came about.
    pub transfers: Vec<Transfer>,
    /// New and changed holds in id order, each once.
    pub holds: Vec<HoldChange>,
}

/// Accounts, holds and transfers in hand, and what has been posted so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    now: OffsetDateTime,
    pub(super) accounts: BTreeMap<LedgerAccountId, AccountState>,
    pub(super) holds: BTreeMap<LedgerHoldId, Hold>,
    pub(super) transfers: BTreeMap<LedgerTransferId, Transfer>,
    /// Transfers that have been reversed.
    pub(super) reversed: BTreeSet<LedgerTransferId>,
    accounts_before: BTreeMap<LedgerAccountId, AccountState>,
    /// Touched holds as they were; `None` where they are new.
    holds_before: BTreeMap<LedgerHoldId, Option<Hold>>,
    written: Vec<LedgerTransferId>,
}

impl Book {
    /// A book over these accounts at this moment.
    pub fn new(accounts: impl IntoIterator<Item = AccountState>, now: OffsetDateTime) -> Self {
        Self {
            now,
            accounts: accounts.into_iter().map(|account| (account.id, account)).collect(),
            holds: BTreeMap::new(),
            transfers: BTreeMap::new(),
            reversed: BTreeSet::new(),
            accounts_before: BTreeMap::new(),
            holds_before: BTreeMap::new(),
            written: Vec::new(),
        }
    }

    /// Puts stored holds into the book.
    #[must_use]
    pub fn with_holds(mut self, holds: impl IntoIterator<Item = Hold>) -> Self {
        self.holds.extend(holds.into_iter().map(|hold| (hold.id, hold)));
        self
    }

    /// Puts stored transfers into the book: those to reverse, and those that may have been posted before.
    #[must_use]
    pub fn with_transfers(mut self, transfers: impl IntoIterator<Item = Transfer>) -> Self {
        for transfer in transfers {
            self.reversed.extend(transfer.reverses);
            self.transfers.insert(transfer.id, transfer);
        }
        self
    }

    /// The moment of all its postings.
    pub const fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// An account as it stands now.
    pub fn account(&self, id: LedgerAccountId) -> Option<&AccountState> {
        self.accounts.get(&id)
    }

    /// A hold as it stands now.
    pub fn hold(&self, id: LedgerHoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// Applies all operations of a posting, or none. A posting that was applied before answers as it did then.
    pub fn post(&mut self, posting: &[Operation]) -> Result<Posted, Rejection> {
        check_shape(posting)?;
        if let Some(posted) = self.posted_before(posting)? {
            return Ok(posted);
        }
        let page = Page::new(self, posting);
        let (posted, touched_accounts, touched_holds) = page.apply_all(posting)?;
        for account in touched_accounts.into_values() {
            if let Some(before) = self.accounts.insert(account.id, account) {
                self.accounts_before.entry(account.id).or_insert(before);
            }
        }
        for hold in touched_holds.into_values() {
            let before = self.holds.insert(hold.id, hold);
            self.holds_before.entry(hold.id).or_insert(before);
        }
        for transfer in &posted.transfers {
            self.written.push(transfer.id);
            self.reversed.extend(transfer.reverses);
            self.transfers.insert(transfer.id, *transfer);
        }
        Ok(posted)
    }

    /// What the posting came to, if it is in the book already: with the same body, or it is refused.
    fn posted_before(&self, posting: &[Operation]) -> Result<Option<Posted>, Rejection> {
        let known = |operation: &Operation| {
            operation.new_transfer().is_some_and(|id| self.transfers.contains_key(&id))
                || operation.new_hold().is_some_and(|id| self.holds.contains_key(&id))
        };
        if !posting.iter().any(known) {
            return Ok(None);
        }
        let mut posted = Posted { repeated: true, ..Posted::default() };
        for (position, operation) in posting.iter().enumerate() {
            if !self.matches(operation, &mut posted) {
                return Err(Rejection { operation: position, reason: Reason::DuplicateWithOtherBody });
            }
        }
        Ok(Some(posted))
    }

    fn matches(&self, operation: &Operation, posted: &mut Posted) -> bool {
        let transfer = operation.new_transfer().and_then(|id| self.transfers.get(&id));
        let hold = operation.hold().and_then(|id| self.holds.get(&id));
        posted.transfers.extend(transfer);
        posted.holds.extend(hold);
        match (operation, transfer, hold) {
            (Operation::Transfer(draft), Some(transfer), _) => same_transfer(draft, transfer),
            (Operation::Reverse { original, .. }, Some(transfer), _) => transfer.reverses == Some(*original),
            (Operation::Hold(draft), _, Some(hold)) => same_hold(draft, hold),
            (Operation::Capture(draft), Some(transfer), _) => {
                transfer.hold == Some(draft.hold) && draft.amount.is_none_or(|amount| amount == transfer.amount)
            }
            // Linked to what is known, and without an id of its own.
            (Operation::Release { .. } | Operation::Expire { .. }, _, Some(_)) => true,
            _ => false,
        }
    }

    /// What has to be written.
    pub fn into_changes(self) -> Changes {
        let Self { accounts, holds, transfers, accounts_before, holds_before, written, .. } = self;
        let accounts = accounts_before
            .into_iter()
            .filter_map(|(id, before)| accounts.get(&id).map(|after| AccountChange { before, after: *after }))
            .collect();
        let transfers = written.iter().filter_map(|id| transfers.get(id).copied()).collect();
        let holds = holds_before
            .into_iter()
            .filter_map(|(id, before)| holds.get(&id).map(|after| HoldChange { before, after: *after }))
            .collect();
        Changes { accounts, transfers, holds }
    }
}

fn same_transfer(draft: &TransferDraft, transfer: &Transfer) -> bool {
    draft.debit == transfer.debit.account
        && draft.credit == transfer.credit.account
        && draft.amount == transfer.amount
        && draft.currency == transfer.currency
        && draft.effective_at.is_none_or(|effective_at| effective_at == transfer.effective_at)
        && transfer.reverses.is_none()
        && transfer.hold.is_none()
}

fn same_hold(draft: &HoldDraft, hold: &Hold) -> bool {
    draft.debit == hold.debit
        && draft.credit == hold.credit
        && draft.amount == hold.amount
        && draft.currency == hold.currency
        && draft.expires_at == hold.expires_at
}

/// What can be said against a posting before any account is read.
pub(crate) fn check_shape(posting: &[Operation]) -> Result<(), Rejection> {
    if posting.is_empty() {
        return Err(Rejection { operation: 0, reason: Reason::EmptyPosting });
    }
    if posting.len() > POSTING_OPERATIONS_MAX {
        return Err(Rejection { operation: POSTING_OPERATIONS_MAX, reason: Reason::PostingTooLong });
    }
    if posting.len() == 1 {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    let repeated = posting.iter().position(|operation| {
        let transfer = operation.new_transfer().map(|id| id.as_uuid());
        let hold = operation.new_hold().map(|id| id.as_uuid());
        transfer.into_iter().chain(hold).any(|id| !seen.insert(id))
    });
    match repeated {
        Some(operation) => Err(Rejection { operation, reason: Reason::IdRepeated }),
        None => Ok(()),
    }
}
