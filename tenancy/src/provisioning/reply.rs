//! What a change answers.

use kernel::OperationId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One difference, in a plan, a dry run or the record of what was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// `create`, `update`, `suspend`, …
    pub action: String,
    /// The tenant's slug.
    pub tenant: String,
    /// Which field, where it is one.
    pub field: Option<String>,
    /// What it is.
    pub from: Option<Value>,
    /// What it becomes.
    pub to: Option<Value>,
}

impl Change {
    /// A change of the tenant as a whole.
    pub fn of(action: &str, tenant: &str) -> Self {
        Self { action: action.to_owned(), tenant: tenant.to_owned(), field: None, from: None, to: None }
    }

    /// A change of one field.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, from: impl Into<Value>, to: impl Into<Value>) -> Self {
        self.field = Some(name.into());
        // Nothing and null are the same in JSON, so they are the same here.
        self.from = Some(from.into()).filter(|value| !value.is_null());
        self.to = Some(to.into()).filter(|value| !value.is_null());
        self
    }
}

/// A change that was made, or found to be made already.
#[derive(Clone, Debug, PartialEq)]
pub struct Written<T> {
    /// Whether anything is different now.
    pub changed: bool,
    /// `created`, `updated`, `unchanged`, …
    pub action: &'static str,
    /// The object as it is now.
    pub object: T,
    /// The operation that did or does it.
    pub operation: Option<OperationId>,
}

impl<T> Written<T> {
    /// Nothing had to be done.
    pub const fn unchanged(object: T, operation: Option<OperationId>) -> Self {
        Self { changed: false, action: "unchanged", object, operation }
    }
}

/// The answer to a request for change.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply<T> {
    /// A dry run: this is what would be done.
    Planned(Vec<Change>),
    /// It was done, or begun.
    Written(Written<T>),
}
