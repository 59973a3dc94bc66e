//! `/v1/trial_balance`: the sums of all accounts.

mod object;
pub mod retrieve;

pub use object::{TrialBalance, TrialBalanceLine};
