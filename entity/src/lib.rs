//! Rows: one file per table, no behaviour.
#![expect(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    clippy::as_conversions,
    clippy::panic,
    reason = "the derive macros of the ORM emit code that these lints reject"
)]

pub mod platform;
pub mod tenant;
