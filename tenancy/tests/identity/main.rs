//! Credentials to scopes, on a real Postgres and real HTTP: what is accepted, what is refused, and what is
//! remembered for how long. Time stands still unless a test moves it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod api_keys;
mod claims;
mod directory;
mod field_keys;
mod hints;
mod isolation;
mod mint;
mod pool;
mod provider;
mod real_provider;
mod signing_keys;
mod staff;
mod tokens;
mod world;
