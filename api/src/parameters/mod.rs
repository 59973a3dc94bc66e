//! What a client sent, read strictly: unknown and repeated fields, wrong types and numbers that are not
//! exactly integers are refused by name.
//!
//! JSON bodies and query strings become one tree ([`Node`]); a request type is then read from the tree by
//! serde, and whatever does not fit is a [`ParameterError`] that knows its field.

mod body;
mod deserialize;
mod error;
mod path;
mod query;
mod tree;

pub use body::{BODY_LENGTH_MAX, Body};
pub(crate) use body::{BodyLimits, each_piece};
pub use error::{ParameterError, Problem};
pub use path::PathText;
pub use query::Query;
pub use tree::Node;

use serde::de::DeserializeOwned;

/// Reads a request type from the tree.
pub fn read<T: DeserializeOwned>(node: Node) -> Result<T, ParameterError> {
    T::deserialize(node)
}
