//! The staff commands as programs: exit codes, streams, prompts and files, against a control plane that is played here.
//!
//! What the real control plane does is proved by the end-to-end suite; here it is played so that it can fail on demand.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "what is missing fails the test")]

mod audits;
mod auth;
mod completion;
mod dry_run;
mod exit_codes;
mod following;
mod help;
mod import;
mod keys;
mod output;
mod plan;
mod play;
mod profile;
mod prompts;
mod secrets;
mod tenants;
