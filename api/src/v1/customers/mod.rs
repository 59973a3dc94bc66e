//! `/v1/customers`: buyers and payees, whose personal fields are sealed.

pub mod create;
pub mod list;
mod object;
pub mod retrieve;
pub mod update;

pub use object::{Customer, CustomerAddress};
