//! Provisioning on a real Postgres: everything completes, whatever happens in between.

mod completes;
mod duplicates;
mod issuer;
mod killed;
mod refusals;
mod world;
