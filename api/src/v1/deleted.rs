//! What is left of a removed object.

use std::fmt::Display;

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
    #[serde(rename = "deleted")]
    gone: bool,
}

impl Deleted {
    /// The confirmation for an object.
    pub fn new(object: &'static str, id: impl Display) -> Self {
        Self { id: id.to_string(), object, gone: true }
    }
}

impl Target for Deleted {
    fn target(&self) -> String {
        self.id.clone()
    }
}
