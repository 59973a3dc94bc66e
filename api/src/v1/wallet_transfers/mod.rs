//! `/v1/wallet_transfers`: money from one wallet to another.

pub mod create;
pub mod list;
mod object;
pub mod retrieve;

pub use object::WalletTransfer;
