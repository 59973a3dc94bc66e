//! Rows of the control plane.

pub mod audit_record;
pub mod cell;
pub mod environment;
pub mod issuer;
pub mod operation;
pub mod operation_step;
pub mod tenant;
