//! A posting under way: it works in the book and remembers what was there before, to put it back if it is rejected.

use kernel::{Amount, Currency, LedgerAccountId, LedgerHoldId, LedgerTransferId};
use time::OffsetDateTime;

use super::{
    AccountState, Book, CaptureDraft, Hold, HoldDraft, HoldState, Operation, Posted, Reason, Rejection, Side, Standing,
    Transfer, TransferDraft,
};

pub(super) struct Page<'a> {
    book: &'a mut Book,
    /// What it overwrote, in order; an account may be there several times.
    accounts_before: Vec<AccountState>,
    holds_before: Vec<(LedgerHoldId, Option<Hold>)>,
    transfers: Vec<Transfer>,
    /// What links its transfers, where there are several.
    posting: Option<LedgerTransferId>,
}

/// A posting that stands in the book.
pub(super) struct Applied {
    pub(super) posted: Posted,
    pub(super) accounts_before: Vec<AccountState>,
    pub(super) holds_before: Vec<(LedgerHoldId, Option<Hold>)>,
}

/// Money to move, whatever asks for it.
struct Movement {
    id: LedgerTransferId,
    debit: LedgerAccountId,
    credit: LedgerAccountId,
    amount: Amount,
    currency: Currency,
    effective_at: OffsetDateTime,
    reverses: Option<LedgerTransferId>,
    hold: Option<LedgerHoldId>,
    /// What the debit account's holds give up for it.
    unheld_minor: i64,
}

impl<'a> Page<'a> {
    pub(super) fn new(book: &'a mut Book, posting: &[Operation]) -> Self {
        let linked = (posting.len() > 1).then(|| posting.iter().find_map(Operation::new_transfer)).flatten();
        let (accounts_before, holds_before) = (Vec::with_capacity(2), Vec::new());
        Self { book, accounts_before, holds_before, transfers: Vec::with_capacity(posting.len()), posting: linked }
    }

    pub(super) fn apply_all(mut self, posting: &[Operation]) -> Result<Applied, Rejection> {
        for (position, operation) in posting.iter().enumerate() {
            if let Err(reason) = self.apply(operation) {
                self.put_back();
                return Err(Rejection { operation: position, reason });
            }
        }
        let holds = posting.iter().filter_map(|operation| self.book.holds.get(&operation.hold()?)).copied().collect();
        let posted = Posted { transfers: self.transfers, holds, repeated: false };
        Ok(Applied { posted, accounts_before: self.accounts_before, holds_before: self.holds_before })
    }

    /// Leaves the book as it was, the latest change first.
    fn put_back(&mut self) {
        for before in self.accounts_before.drain(..).rev() {
            self.book.accounts.insert(before.id, before);
        }
        for (id, before) in self.holds_before.drain(..).rev() {
            match before {
                Some(hold) => self.book.holds.insert(id, hold),
                None => self.book.holds.remove(&id),
            };
        }
    }

    fn set_account(&mut self, account: AccountState) {
        self.accounts_before.extend(self.book.accounts.insert(account.id, account));
    }

    fn set_hold(&mut self, hold: Hold) {
        let before = self.book.holds.insert(hold.id, hold);
        self.holds_before.push((hold.id, before));
    }

    fn apply(&mut self, operation: &Operation) -> Result<(), Reason> {
        match operation {
            Operation::Transfer(draft) => self.transfer(draft),
            Operation::Reverse { id, original } => self.reverse(*id, *original),
            Operation::Hold(draft) => self.hold(draft),
            Operation::Capture(draft) => self.capture(draft),
            Operation::Release { hold } => self.release(*hold, HoldState::Released),
            Operation::Expire { hold } => {
                let over = self.pending(*hold)?.expires_at.is_some_and(|expires_at| expires_at <= self.book.now());
                if over { self.release(*hold, HoldState::Expired) } else { Err(Reason::HoldNotExpired) }
            }
        }
    }

    fn transfer(&mut self, draft: &TransferDraft) -> Result<(), Reason> {
        self.move_money(&Movement {
            id: draft.id,
            debit: draft.debit,
            credit: draft.credit,
            amount: draft.amount,
            currency: draft.currency,
            effective_at: draft.effective_at.unwrap_or(self.book.now()),
            reverses: None,
            hold: None,
            unheld_minor: 0,
        })
    }

    fn reverse(&mut self, id: LedgerTransferId, original: LedgerTransferId) -> Result<(), Reason> {
        let in_page = self.transfers.iter().find(|transfer| transfer.id == original);
        let found = *in_page.or_else(|| self.book.transfers.get(&original)).ok_or(Reason::TransferMissing)?;
        let in_page = self.transfers.iter().any(|transfer| transfer.reverses == Some(original));
        if in_page || self.book.reversed.contains(&original) {
            return Err(Reason::AlreadyReversed);
        }
        if found.reverses.is_some() {
            return Err(Reason::NotReversible);
        }
        self.move_money(&Movement {
            id,
            debit: found.credit.account,
            credit: found.debit.account,
            amount: found.amount,
            currency: found.currency,
            effective_at: self.book.now(),
            reverses: Some(original),
            hold: None,
            unheld_minor: 0,
        })
    }

    fn hold(&mut self, draft: &HoldDraft) -> Result<(), Reason> {
        let (mut debit, credit) = self.pair(draft.debit, draft.credit, draft.currency)?;
        let may_move = [debit, credit].iter().try_for_each(may_move);
        may_move?;
        let amount = draft.amount.minor();
        above_floor(&debit, i128::from(amount))?;
        debit.held_minor = debit.held_minor.checked_add(amount).ok_or(Reason::BalanceOverflow)?;
        self.set_account(debit);
        let hold = Hold {
            id: draft.id,
            debit: draft.debit,
            credit: draft.credit,
            currency: draft.currency,
            amount: draft.amount,
            remaining_minor: amount,
            captured_minor: 0,
            state: HoldState::Pending,
            expires_at: draft.expires_at,
        };
        self.set_hold(hold);
        Ok(())
    }

    fn capture(&mut self, draft: &CaptureDraft) -> Result<(), Reason> {
        let mut hold = self.pending(draft.hold)?;
        if hold.expires_at.is_some_and(|expires_at| expires_at <= self.book.now()) {
            return Err(Reason::HoldExpired);
        }
        let amount = match draft.amount {
            Some(amount) if amount.minor() > hold.remaining_minor => return Err(Reason::CaptureTooLarge),
            Some(amount) => amount,
            None => Amount::try_new(hold.remaining_minor).map_err(|_| Reason::HoldNotPending)?,
        };
        let left = hold.remaining_minor.saturating_sub(amount.minor());
        let keeps = draft.keep_remainder && left > 0;
        let unheld_minor = if keeps { amount.minor() } else { hold.remaining_minor };
        self.move_money(&Movement {
            id: draft.id,
            debit: hold.debit,
            credit: hold.credit,
            amount,
            currency: hold.currency,
            effective_at: self.book.now(),
            reverses: None,
            hold: Some(hold.id),
            unheld_minor,
        })?;
        hold.captured_minor = hold.captured_minor.checked_add(amount.minor()).ok_or(Reason::BalanceOverflow)?;
        hold.remaining_minor = if keeps { left } else { 0 };
        hold.state = if keeps { HoldState::Pending } else { HoldState::Captured };
        self.set_hold(hold);
        Ok(())
    }

    /// Ends a hold. Its account may be frozen or closed: no money moves.
    fn release(&mut self, id: LedgerHoldId, state: HoldState) -> Result<(), Reason> {
        let mut hold = self.pending(id)?;
        let mut debit = self.account(hold.debit)?;
        debit.held_minor = debit.held_minor.checked_sub(hold.remaining_minor).ok_or(Reason::BalanceOverflow)?;
        self.set_account(debit);
        hold.remaining_minor = 0;
        hold.state = state;
        self.set_hold(hold);
        Ok(())
    }

    fn move_money(&mut self, movement: &Movement) -> Result<(), Reason> {
        let (mut debit, mut credit) = self.pair(movement.debit, movement.credit, movement.currency)?;
        [debit, credit].iter().try_for_each(may_move)?;
        let amount = movement.amount.minor();
        debit.held_minor = debit.held_minor.checked_sub(movement.unheld_minor).ok_or(Reason::BalanceOverflow)?;
        // What a hold kept back is the hold's to spend, even where the floor was raised since.
        if movement.hold.is_none() {
            above_floor(&debit, i128::from(amount))?;
        }
        let change = i128::from(amount);
        let debit_side = enter(&mut debit, change.saturating_neg(), movement)?;
        let credit_side = enter(&mut credit, change, movement)?;
        self.set_account(debit);
        self.set_account(credit);
        self.transfers.push(Transfer {
            id: movement.id,
            posting: self.posting,
            debit: debit_side,
            credit: credit_side,
            amount: movement.amount,
            currency: movement.currency,
            effective_at: movement.effective_at,
            reverses: movement.reverses,
            hold: movement.hold,
        });
        Ok(())
    }

    fn pair(
        &self,
        debit: LedgerAccountId,
        credit: LedgerAccountId,
        currency: Currency,
    ) -> Result<(AccountState, AccountState), Reason> {
        if debit == credit {
            return Err(Reason::SameAccount);
        }
        let (debit, credit) = (self.account(debit)?, self.account(credit)?);
        if debit.currency != currency || credit.currency != currency {
            return Err(Reason::CurrencyMismatch);
        }
        Ok((debit, credit))
    }

    fn account(&self, id: LedgerAccountId) -> Result<AccountState, Reason> {
        self.book.accounts.get(&id).copied().ok_or(Reason::AccountMissing)
    }

    fn pending(&self, id: LedgerHoldId) -> Result<Hold, Reason> {
        let hold = *self.book.holds.get(&id).ok_or(Reason::HoldMissing)?;
        if hold.state == HoldState::Pending { Ok(hold) } else { Err(Reason::HoldNotPending) }
    }
}

const fn may_move(account: &AccountState) -> Result<(), Reason> {
    match account.standing {
        Standing::Open => Ok(()),
        Standing::Frozen => Err(Reason::AccountFrozen),
        Standing::Closed => Err(Reason::AccountClosed),
    }
}

/// Whether the account can give this much up without going below its floor, holds counted.
fn above_floor(account: &AccountState, minor: i128) -> Result<(), Reason> {
    let left = account.available_minor().saturating_sub(minor);
    match account.floor_minor {
        Some(floor) if left < i128::from(floor) => Err(Reason::InsufficientFunds),
        _ => Ok(()),
    }
}

/// Writes one side into its account.
fn enter(account: &mut AccountState, change: i128, movement: &Movement) -> Result<Side, Reason> {
    let (effective_at, previous) = (movement.effective_at, account.last);
    let balance = i128::from(account.balance_minor).saturating_add(change);
    account.balance_minor = i64::try_from(balance).map_err(|_| Reason::BalanceOverflow)?;
    account.sequence = account.sequence.checked_add(1).ok_or(Reason::BalanceOverflow)?;
    account.last = Some(movement.id);
    account.in_order &= account.effective_last.is_none_or(|last| last <= effective_at);
    account.effective_last = account.effective_last.max(Some(effective_at));
    Ok(Side { account: account.id, sequence: account.sequence, balance_after_minor: account.balance_minor, previous })
}
