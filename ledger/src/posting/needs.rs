//! What has to be read before a posting can be decided.

use std::collections::BTreeSet;

use kernel::{LedgerAccountId, LedgerHoldId, LedgerTransferId};
use uuid::Uuid;

use crate::rules::{Hold, Operation, Transfer};

/// Rows that postings are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// To lock.
    pub(crate) accounts: BTreeSet<LedgerAccountId>,
    /// Holds to capture or end; they tell more accounts.
    pub(crate) holds: BTreeSet<LedgerHoldId>,
    /// Transfers to reverse; they tell more accounts.
    pub(crate) originals: BTreeSet<LedgerTransferId>,
    /// Transfers to be made, in case they were made before.
    pub(crate) transfers: BTreeSet<LedgerTransferId>,
    /// Holds to be made, in case they were made before.
    pub(crate) new_holds: BTreeSet<LedgerHoldId>,
}

impl Needs {
    /// Adds what a posting is about.
    pub fn add(&mut self, posting: &[Operation]) {
        for operation in posting {
            self.accounts.extend(operation.accounts());
            self.transfers.extend(operation.new_transfer());
            match operation {
                Operation::Reverse { original, .. } => {
                    self.originals.insert(*original);
                }
                Operation::Hold(draft) => {
                    self.new_holds.insert(draft.id);
                }
                other => self.holds.extend(other.hold()),
            }
        }
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

    pub(crate) fn account_ids(&self) -> Vec<Uuid> {
        self.accounts.iter().map(LedgerAccountId::as_uuid).collect()
    }

    /// Holds to read; with those that may have been made before, if asked.
    pub(crate) fn hold_ids(&self, made_before: bool) -> Vec<Uuid> {
        let new = self.new_holds.iter().filter(|_| made_before);
        self.holds.iter().chain(new).map(LedgerHoldId::as_uuid).collect()
    }

    /// Transfers to read; with those that may have been made before, if asked.
    pub(crate) fn transfer_ids(&self, made_before: bool) -> Vec<Uuid> {
        let new = self.transfers.iter().filter(|_| made_before);
        self.originals.iter().chain(new).map(LedgerTransferId::as_uuid).collect()
    }
}
