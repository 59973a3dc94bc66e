//! `/v1/wallet_transfers`: money from one wallet to another.

pub mod bulk;
pub mod create;
pub mod list;
mod object;
pub mod retrieve;
pub mod reverse;

pub use object::WalletTransfer;
