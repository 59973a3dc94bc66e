//! Lists, newest first, a page at a time.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    ApiError,
    parameters::{ParameterError, Problem},
};

const LIMIT_DEFAULT: u64 = 10;
const LIMIT_MAX: u64 = 100;

/// A page of objects.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// Always `list`.
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
    pub fn of<D: Into<T>>(items: Vec<D>, has_more: bool, url: &str) -> Self {
        Self { object: "list", url: url.to_owned(), has_more, data: items.into_iter().map(Into::into).collect() }
    }
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many objects, 1 to 100; 10 when absent.
    limit: Option<u64>,
    /// The page behind this object, by its id.
    starting_after: Option<String>,
    /// Only those with this status or state.
    #[serde(alias = "state")]
    status: Option<String>,
}

impl PageQuery {
    /// How many.
    pub fn limit(&self) -> Result<u64, ApiError> {
        match self.limit.unwrap_or(LIMIT_DEFAULT) {
            limit @ 1..=LIMIT_MAX => Ok(limit),
            _ => Err(invalid("limit", format!("must be from 1 to {LIMIT_MAX}"))),
        }
    }

    /// Behind which.
    pub fn starting_after<I: std::str::FromStr>(&self) -> Result<Option<I>, ApiError> {
        let parse = |text: &String| text.parse().map_err(|_| invalid("starting_after", "no such object".to_owned()));
        self.starting_after.as_ref().map(parse).transpose()
    }

    /// The word asked for, as one of `known`.
    pub fn word<W: Copy>(
        &self,
        param: &str,
        known: &[W],
        text: impl Fn(W) -> &'static str,
    ) -> Result<Option<W>, ApiError> {
        let Some(wanted) = &self.status else { return Ok(None) };
        let words = || known.iter().map(|word| text(*word)).collect::<Vec<_>>().join(", ");
        let found = known.iter().copied().find(|word| text(*word) == wanted);
        found.map(Some).ok_or_else(|| invalid(param, format!("must be one of {}", words())))
    }
}

fn invalid(param: &str, message: String) -> ApiError {
    ParameterError::of(param, Problem::Invalid(message)).into()
}
