//! The data keys of a tenant's environments.

pub mod rotate;
