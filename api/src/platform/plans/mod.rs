//! Plans: what a file of tenants would change, and doing exactly that.

pub mod apply;
pub mod create;
