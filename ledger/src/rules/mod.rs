//! The rules of double entry, without I/O, clock or chance: accounts, holds and a posting give new rows, or a
//! rejection that changed nothing.
//!
//! A posting is a list of linked operations that take effect together, in order. A [`Book`] takes one
//! posting after the other, so a batch of postings is the same as the postings one by one.

mod account;
mod book;
mod operation;
mod page;
mod record;
mod rejection;

pub use account::{AccountState, Standing};
pub(crate) use book::check_shape;
pub use book::{AccountChange, Book, Changes, HoldChange, POSTING_OPERATIONS_MAX};
pub use operation::{CaptureDraft, HoldDraft, Operation, TransferDraft};
pub use record::{Hold, HoldState, Posted, Side, Transfer};
pub use rejection::{Reason, Rejection};
