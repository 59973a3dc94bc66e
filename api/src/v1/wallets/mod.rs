//! `/v1/wallets`: stored balances in one currency.

pub mod create;
pub mod fund;
pub mod list;
mod object;
pub mod retrieve;

pub use object::Wallet;
