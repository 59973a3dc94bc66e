//! The domain on a real Postgres with real keys and real permits.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod access;
mod concurrency;
mod customers;
#[path = "../../../ledger/tests/postgres/environments.rs"]
mod environments;
mod fx;
mod holds;
mod keys;
mod pages;
mod statements;
mod wallet_transfers;
mod wallets;
mod world;
