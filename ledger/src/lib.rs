//! Double entry: accounts with a balance, two-sided transfers, and entries with the balance after each.
//!
//! The rules are a pure function ([`rules`]); [`post_in`] locks, decides by them and writes. It knows
//! nothing of payments: what a posting means is told by whoever asks for it.

#![deny(clippy::arithmetic_side_effects)]

mod account;
mod audit;
mod clearing;
mod posting;
pub mod rules;

pub use account::{AccountDraft, balance, balances, open_account};
pub use audit::{CurrencyTotal, discrepancies, trial_balance};
pub use clearing::{ClearingPurpose, clearing_account};
pub use posting::{Posted, PostingError, post_in};
pub use rules::{Reason, Rejection, TransferDraft};
