//! Bringing schemas forward.

pub mod create;
