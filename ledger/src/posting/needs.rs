//! What has to be read before a posting can be decided.

use kernel::{LedgerAccountId, LedgerHoldId, LedgerTransferId};
use uuid::Uuid;

use crate::rules::{Hold, Operation, Transfer};

/// Rows that postings are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// To lock.
    pub(crate) accounts: Vec<LedgerAccountId>,
    /// Holds to capture or end; they tell more accounts.
    pub(crate) holds: Vec<LedgerHoldId>,
    /// Transfers to reverse; they tell more accounts.
    pub(crate) originals: Vec<LedgerTransferId>,
    /// Transfers to be made, in case they were made before.
    pub(crate) transfers: Vec<LedgerTransferId>,
    /// Holds to be made, in case they were made before.
    pub(crate) new_holds: Vec<LedgerHoldId>,
}

impl Needs {
    /// Adds what a posting is about.
    pub fn add(&mut self, posting: &[Operation]) {
        for operation in posting {
            self.accounts.extend(operation.accounts());
            self.transfers.extend(operation.new_transfer());
            match operation {
                Operation::Reverse { original, .. } => {
                    self.originals.push(*original);
                }
                Operation::Hold(draft) => {
                    self.new_holds.push(draft.id);
                }
                other => self.holds.extend(other.hold()),
            }
        }
    }

    /// Whether everything it is about are the accounts that it names.
    pub(crate) fn is_plain(&self) -> bool {
        !self.is_indirect() && self.new_holds.is_empty()
    }

    /// Whether accounts are known only after holds or originals are read.
    pub(crate) fn is_indirect(&self) -> bool {
        !self.holds.is_empty() || !self.originals.is_empty()
    }

    /// Adds the accounts that holds and originals are about. These never change.
    pub(crate) fn add_found(&mut self, holds: &[Hold], originals: &[Transfer]) {
        self.accounts.extend(holds.iter().flat_map(|hold| [hold.debit, hold.credit]));
        self.accounts.extend(originals.iter().flat_map(|transfer| [transfer.debit.account, transfer.credit.account]));
    }

    /// Accounts to read, each once, in id order.
    pub(crate) fn account_ids(&self) -> Vec<Uuid> {
        each_once(self.accounts.iter().map(LedgerAccountId::as_uuid))
    }

    /// Holds to read; with those that may have been made before, if asked.
    pub(crate) fn hold_ids(&self, made_before: bool) -> Vec<Uuid> {
        let new = self.new_holds.iter().filter(|_| made_before);
        each_once(self.holds.iter().chain(new).map(LedgerHoldId::as_uuid))
    }

    /// Transfers to read; with those that may have been made before, if asked.
    pub(crate) fn transfer_ids(&self, made_before: bool) -> Vec<Uuid> {
        let new = self.transfers.iter().filter(|_| made_before);
        each_once(self.originals.iter().chain(new).map(LedgerTransferId::as_uuid))
    }
}

fn each_once(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
