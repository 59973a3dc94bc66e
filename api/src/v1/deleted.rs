//! What is left of a removed object.

use serde::Serialize;
use utoipa::ToSchema;

use crate::call::Target;

/// Confirms a removal.
#[derive(Serialize, ToSchema)]
pub struct Deleted {
    /// The id it had.
    id: String,
    /// The kind of object it was.
    object: &'static str,
    /// Always true.
    deleted: bool,
}

impl Deleted {
    /// The confirmation for an object.
    pub fn new(object: &'static str, id: impl ToString) -> Self {
        Self { id: id.to_string(), object, deleted: true }
    }
}

impl Target for Deleted {
    fn target(&self) -> String {
        self.id.clone()
    }
}
