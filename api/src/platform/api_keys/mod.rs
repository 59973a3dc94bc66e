//! A tenant's API keys.

pub mod rotate;
