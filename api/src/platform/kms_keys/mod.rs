//! The KMS keys of a tenant's environments.

pub mod destroy;
pub mod disable;
pub mod enable;
pub mod list;
pub mod rotate;
