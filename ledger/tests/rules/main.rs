//! The rules of double entry: a table of cases, then properties against a naive model.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test that cannot go on stops"
)]

mod holds;
mod properties;
mod table;
