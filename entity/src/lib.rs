//! Rows: one file per table, no behaviour.

pub mod platform;
pub mod tenant;
