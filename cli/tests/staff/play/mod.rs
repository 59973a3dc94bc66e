//! The played control plane and identity provider, and the program under test.

mod control;
mod identity;
mod payments;
mod program;
mod state;

pub(crate) use payments::{Payments, SECRET_KEY};
pub(crate) use program::{Outcome, Program, assert_write, error_code};
pub(crate) use state::Stage;

/// An operation that the play knows from the start.
pub(crate) const FINISHED_OPERATION: &str = "op_01jb3v8z4q5t6w7x8y9zabcdef";
/// Names nothing.
pub(crate) const UNKNOWN_OPERATION: &str = "op_01jb3v8z4q5t6w7x8y9zabcdeg";
/// What `-o json` of a write must hold.
pub(crate) const WRITE_FIELDS: [&str; 5] = ["changed", "action", "object", "operation_id", "request_id"];
/// What `error` must hold.
pub(crate) const ERROR_FIELDS: [&str; 5] = ["code", "message", "hint", "tenant", "request_id"];
