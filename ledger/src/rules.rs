//! The rules of double entry, without I/O, clock or chance: balances and a posting give new balances
//! and entries, or a rejection that changed nothing.
//!
//! A posting is a list of linked transfers that take effect together, in order. A [`Book`] takes one
//! posting after the other, so a batch of postings is the same as the postings one by one.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Amount, Currency, LedgerAccountId, LedgerTransferId};
use thiserror::Error;

/// Most transfers of one posting.
pub const POSTING_TRANSFERS_MAX: usize = 1_000;

/// An account as it is locked: what the next entry builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// Identifier.
    pub id: LedgerAccountId,
    /// The only currency it takes.
    pub currency: Currency,
    /// The balance may not go below; `None` means no floor.
    pub floor_minor: Option<i64>,
    /// Credits less debits.
    pub balance_minor: i64,
    /// Number of its entries.
    pub sequence: i64,
}

/// Money to move: out of the debit account, into the credit account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferDraft {
    /// Identifier, unique for ever.
    pub id: LedgerTransferId,
    /// Decreases.
    pub debit: LedgerAccountId,
    /// Increases.
    pub credit: LedgerAccountId,
    /// How much.
    pub amount: Amount,
    /// Of what; both accounts must be in it.
    pub currency: Currency,
}

/// One side of a transfer, with the balance after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub account: LedgerAccountId,
    /// Dense, from 1.
    pub sequence: i64,
    /// Of which transfer.
    pub transfer: LedgerTransferId,
    /// Positive on the credit side, negative on the debit side.
    pub amount_minor: i64,
    /// What the account then holds.
    pub balance_after_minor: i64,
}

/// Why a posting has no effect: which of its transfers, and for what reason.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("transfer {transfer} of the posting: {reason}")]
pub struct Rejection {
    /// Position in the posting, from 0.
    pub transfer: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What a rule says against a transfer, in the order the rules are asked.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Reason {
    /// The posting has no transfers.
    #[error("a posting has at least one transfer")]
    EmptyPosting,
    /// The posting has more than [`POSTING_TRANSFERS_MAX`] transfers.
    #[error("a posting has at most {POSTING_TRANSFERS_MAX} transfers")]
    PostingTooLong,
    /// The posting names the transfer twice.
    #[error("the posting holds the transfer twice")]
    TransferRepeated,
    /// Debit and credit are one account.
    #[error("debit and credit are the same account")]
    SameAccount,
    /// There is no such account.
    #[error("there is no such account")]
    AccountMissing,
    /// An account is in another currency.
    #[error("an account is in another currency")]
    CurrencyMismatch,
    /// The debit account would go below its floor.
    #[error("the debit account has too little")]
    InsufficientFunds,
    /// A balance would leave 64 bits.
    #[error("a balance would be out of range")]
    BalanceOverflow,
}

impl Reason {
    /// A stable word for errors and audit records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EmptyPosting => "empty_posting",
            Self::PostingTooLong => "posting_too_long",
            Self::TransferRepeated => "transfer_repeated",
            Self::SameAccount => "same_account",
            Self::AccountMissing => "account_missing",
            Self::CurrencyMismatch => "currency_mismatch",
            Self::InsufficientFunds => "insufficient_funds",
            Self::BalanceOverflow => "balance_overflow",
        }
    }
}

/// An account that was changed, and how many entries it had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// As it is to be written.
    pub after: AccountState,
    /// What its sequence must still be when it is written.
    pub sequence_before: i64,
}

/// What accepted postings come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changed accounts in id order, each once.
    pub accounts: Vec<AccountChange>,
    /// Entries in the order they came about, two for each transfer.
    pub entries: Vec<Entry>,
}

/// Accounts in hand, and what has been posted to them so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    accounts: BTreeMap<LedgerAccountId, AccountState>,
    sequences_before: BTreeMap<LedgerAccountId, i64>,
    entries: Vec<Entry>,
}

impl Book {
    /// A book over these accounts.
    pub fn new(accounts: impl IntoIterator<Item = AccountState>) -> Self {
        let accounts: BTreeMap<_, _> = accounts.into_iter().map(|account| (account.id, account)).collect();
        let sequences_before = accounts.values().map(|account| (account.id, account.sequence)).collect();
        Self { accounts, sequences_before, entries: Vec::new() }
    }

    /// An account as it stands now.
    pub fn account(&self, id: LedgerAccountId) -> Option<&AccountState> {
        self.accounts.get(&id)
    }

    /// Applies all transfers of a posting, or none.
    pub fn post(&mut self, posting: &[TransferDraft]) -> Result<(), Rejection> {
        check_shape(posting)?;
        let mut page = Page { book: self, touched: BTreeMap::new(), entries: Vec::new() };
        for (position, transfer) in posting.iter().enumerate() {
            page.apply(transfer).map_err(|reason| Rejection { transfer: position, reason })?;
        }
        let Page { touched, entries, .. } = page;
        self.accounts.extend(touched);
        self.entries.extend(entries);
        Ok(())
    }

    /// What has to be written.
    pub fn into_changes(self) -> Changes {
        let Self { accounts, sequences_before, entries } = self;
        let accounts = accounts
            .into_values()
            .filter_map(|after| {
                let sequence_before = *sequences_before.get(&after.id)?;
                (after.sequence != sequence_before).then_some(AccountChange { after, sequence_before })
            })
            .collect();
        Changes { accounts, entries }
    }
}

/// What can be said against a posting before any account is read.
pub(crate) fn check_shape(posting: &[TransferDraft]) -> Result<(), Rejection> {
    if posting.is_empty() {
        return Err(Rejection { transfer: 0, reason: Reason::EmptyPosting });
    }
    if posting.len() > POSTING_TRANSFERS_MAX {
        return Err(Rejection { transfer: POSTING_TRANSFERS_MAX, reason: Reason::PostingTooLong });
    }
    let mut seen = BTreeSet::new();
    match posting.iter().position(|transfer| !seen.insert(transfer.id)) {
        Some(transfer) => Err(Rejection { transfer, reason: Reason::TransferRepeated }),
        None => Ok(()),
    }
}

/// A posting under way: what it has touched so far, thrown away if it is rejected.
struct Page<'a> {
    book: &'a Book,
    touched: BTreeMap<LedgerAccountId, AccountState>,
    entries: Vec<Entry>,
}

impl Page<'_> {
    fn apply(&mut self, transfer: &TransferDraft) -> Result<(), Reason> {
        if transfer.debit == transfer.credit {
            return Err(Reason::SameAccount);
        }
        let debit = self.current(transfer.debit)?;
        let credit = self.current(transfer.credit)?;
        if debit.currency != transfer.currency || credit.currency != transfer.currency {
            return Err(Reason::CurrencyMismatch);
        }
        let amount = i128::from(transfer.amount.minor());
        let negative = amount.checked_neg().ok_or(Reason::BalanceOverflow)?;
        let (debit, debit_entry) = moved(debit, negative, transfer.id)?;
        let (credit, credit_entry) = moved(credit, amount, transfer.id)?;
        self.touched.insert(debit.id, debit);
        self.touched.insert(credit.id, credit);
        self.entries.extend([debit_entry, credit_entry]);
        Ok(())
    }

    fn current(&self, id: LedgerAccountId) -> Result<AccountState, Reason> {
        self.touched.get(&id).or_else(|| self.book.account(id)).copied().ok_or(Reason::AccountMissing)
    }
}

/// The account after a signed amount, with the entry that says so.
fn moved(account: AccountState, amount: i128, transfer: LedgerTransferId) -> Result<(AccountState, Entry), Reason> {
    let balance = i128::from(account.balance_minor).checked_add(amount).ok_or(Reason::BalanceOverflow)?;
    // A credit never breaks a floor, even where an account stands below one that was raised.
    if amount < 0 && account.floor_minor.is_some_and(|floor| balance < i128::from(floor)) {
        return Err(Reason::InsufficientFunds);
    }
    let balance_minor = i64::try_from(balance).map_err(|_| Reason::BalanceOverflow)?;
    let amount_minor = i64::try_from(amount).map_err(|_| Reason::BalanceOverflow)?;
    let sequence = account.sequence.checked_add(1).ok_or(Reason::BalanceOverflow)?;
    let entry = Entry { account: account.id, sequence, transfer, amount_minor, balance_after_minor: balance_minor };
    Ok((AccountState { balance_minor, sequence, ..account }, entry))
}
