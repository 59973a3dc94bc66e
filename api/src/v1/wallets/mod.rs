//! `/v1/wallets`: stored balances in one currency.

pub mod balance;
pub mod close;
pub mod create;
pub mod freeze;
pub mod fund;
pub mod list;
mod object;
pub mod retrieve;
pub mod statement;
pub mod unfreeze;

pub use object::Wallet;
