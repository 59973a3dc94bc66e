//! `/v1/policy_decisions`: why a role may or may not.

pub mod create;
