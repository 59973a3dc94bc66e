//! Provisioning on a real Postgres: everything completes, whatever happens in between.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bootstrap;
mod completes;
mod duplicates;
mod issuer;
mod keys;
mod killed;
mod kms;
mod life_cycle;
mod migrate;
mod operations;
mod plans;
mod refusals;
mod world;
