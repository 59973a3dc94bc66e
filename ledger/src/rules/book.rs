//! Accounts in hand, and what has been posted to them so far.

use std::collections::{BTreeSet, HashMap};

use kernel::{LedgerAccountId, LedgerHoldId, LedgerTransferId};
use time::OffsetDateTime;

use super::{
    AccountState, Hold, HoldDraft, Operation, Posted, Reason, Rejection, Transfer, TransferDraft,
    page::{Applied, Page},
};

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

/// Accounts, holds and transfers in hand, and what has been posted since the last [`take_changes`](Self::take_changes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    now: OffsetDateTime,
    pub(super) accounts: Ids<LedgerAccountId, AccountState>,
    pub(super) holds: Ids<LedgerHoldId, Hold>,
    pub(super) transfers: Ids<LedgerTransferId, Transfer>,
    /// Transfers that have been reversed.
    pub(super) reversed: BTreeSet<LedgerTransferId>,
    /// Touched accounts as they were.
    accounts_before: Ids<LedgerAccountId, AccountState>,
    /// Touched holds as they were; `None` where they are new.
    holds_before: Ids<LedgerHoldId, Option<Hold>>,
    written: Vec<Transfer>,
}

/// Rows by id.
pub(super) type Ids<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

impl Book {
    /// A book over these accounts at this moment.
    pub fn new(accounts: impl IntoIterator<Item = AccountState>, now: OffsetDateTime) -> Self {
        Self {
            now,
            accounts: accounts.into_iter().map(|account| (account.id, account)).collect(),
            holds: Ids::default(),
            transfers: Ids::default(),
            reversed: BTreeSet::new(),
            accounts_before: Ids::default(),
            holds_before: Ids::default(),
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

    /// Puts accounts into the book as they now are.
    pub fn learn(&mut self, accounts: impl IntoIterator<Item = AccountState>) {
        self.accounts.extend(accounts.into_iter().map(|account| (account.id, account)));
    }

    /// Forgets every account.
    pub fn forget(&mut self) {
        self.accounts.clear();
    }

    /// How many accounts it knows.
    pub fn accounts_count(&self) -> usize {
        self.accounts.len()
    }

    /// The moment of all its postings.
    pub const fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// Postings from here on happen at this moment.
    pub const fn set_now(&mut self, now: OffsetDateTime) {
        self.now = now;
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
        let Applied { posted, accounts_before, holds_before } = Page::new(self, posting).apply_all(posting)?;
        for before in accounts_before {
            self.accounts_before.entry(before.id).or_insert(before);
        }
        for (id, before) in holds_before {
            self.holds_before.entry(id).or_insert(before);
        }
        for transfer in &posted.transfers {
            self.written.push(*transfer);
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

    /// What has to be written. The book goes on with the accounts as they will then be, and forgets holds and transfers.
    pub fn take_changes(&mut self) -> Changes {
        let mut accounts: Vec<AccountChange> = Vec::with_capacity(self.accounts_before.len());
        for (id, before) in self.accounts_before.drain() {
            if let Some(after) = self.accounts.get_mut(&id) {
                after.version = before.version.saturating_add(1);
                accounts.push(AccountChange { before, after: *after });
            }
        }
        accounts.sort_unstable_by_key(|change| change.after.id);
        let held = &self.holds;
        let changed = self.holds_before.drain();
        let changed =
            changed.filter_map(|(id, before)| held.get(&id).map(|after| HoldChange { before, after: *after }));
        let mut holds: Vec<HoldChange> = changed.collect();
        holds.sort_unstable_by_key(|change| change.after.id);
        let transfers = std::mem::take(&mut self.written);
        self.forget_movements();
        Changes { accounts, transfers, holds }
    }

    /// Takes back everything since the last [`take_changes`](Self::take_changes).
    pub fn undo(&mut self) {
        self.accounts.extend(self.accounts_before.drain());
        self.holds_before.clear();
        self.written.clear();
        self.forget_movements();
    }

    fn forget_movements(&mut self) {
        self.holds.clear();
        self.transfers.clear();
        self.reversed.clear();
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
