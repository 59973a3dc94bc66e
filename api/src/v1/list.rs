//! Lists, newest first, a page at a time.

use std::{fmt::Display, str::FromStr};

use payments::{Page, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::optional_id;
use crate::ApiError;

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items, 1 to 100; 10 when absent.
    limit: Option<i64>,
    /// The page behind this object.
    starting_after: Option<String>,
    /// The page before this object.
    ending_before: Option<String>,
}

impl PageQuery {
    /// The fields, for queries that have more of their own.
    pub const fn new(limit: Option<i64>, starting_after: Option<String>, ending_before: Option<String>) -> Self {
        Self { limit, starting_after, ending_before }
    }

    /// The checked request; `object` is named when a cursor is no id of its kind.
    pub fn request<I: FromStr>(&self, object: &str) -> Result<PageRequest<I>, ApiError> {
        let after = optional_id(self.starting_after.as_deref(), object, "starting_after")?;
        let before = optional_id(self.ending_before.as_deref(), object, "ending_before")?;
        PageRequest::try_new(self.limit, after, before).map_err(|error| ApiError::from(payments::Error::Refused(error)))
    }
}

/// A page of objects.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    /// Where the list is.
    url: String,
    /// Whether there is more behind this page.
    has_more: bool,
    /// The objects, newest first.
    data: Vec<T>,
}

impl<T> List<T> {
    /// A page as it is sent.
    pub fn of<D>(page: Page<D>, url: impl Display) -> Self
    where
        T: From<D>,
    {
        Self {
            object: "list",
            url: url.to_string(),
            has_more: page.has_more,
            data: page.items.into_iter().map(T::from).collect(),
        }
    }

    /// Everything there is, in one page.
    pub fn whole<D>(items: Vec<D>, url: impl Display) -> Self
    where
        T: From<D>,
    {
        Self::of(Page { items, has_more: false }, url)
    }
}
