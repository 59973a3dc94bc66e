//! `/v1/wallet_holds`: money of one wallet kept back for another.

pub mod capture;
pub mod create;
pub mod list;
mod object;
pub mod release;
pub mod retrieve;

pub use object::WalletHold;
