//! `/v1/members`: the merchant's staff and their roles.

pub mod create;
pub mod delete;
pub mod list;
mod object;
pub mod update;

pub use object::Member;
