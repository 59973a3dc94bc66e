//! `/v1/wallets`: stored balances in one currency.

pub mod balance;
pub mod create;
pub mod fund;
pub mod list;
mod object;
pub mod retrieve;
pub mod statement;

pub use object::Wallet;
