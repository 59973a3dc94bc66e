//! Double entry: accounts with a balance, two-sided transfers, and entries with the balance after each.
//!
//! The rules are a pure function ([`rules`]); [`post_in`] locks, decides by them and writes. It knows
//! nothing of payments: what a posting means is told by whoever asks for it.

#![deny(clippy::arithmetic_side_effects)]

mod account;
mod audit;
mod clearing;
mod engine;
mod event;
pub mod history;
mod posting;
pub mod rules;

pub use account::{AccountDraft, accounts, open_account, set_standing};
pub use audit::{AuditPages, AuditReport, Check, FINDINGS_TOLD_MAX, Finding, audit, audit_by};
pub use clearing::{ClearingPurpose, clearing_account};
pub use engine::{Decided, Desk, Engine, EngineConfig, EngineError, PostingOrder, Postings, Question};
pub use event::{EventDraft, Events};
pub use posting::{PostingError, holds, holds_by_expiry, lock_accounts, needs::Needs, post_in};
pub use rules::{Operation, Posted, Reason, Rejection, TransferDraft};
