//! Tenants.

pub mod create;
pub mod list;
pub mod offboard;
pub mod resume;
pub mod retrieve;
pub mod suspend;
pub mod update;
