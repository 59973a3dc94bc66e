//! The forms a statement comes in, and which one a client accepts.

use axum::http::{HeaderMap, header::ACCEPT};
use payments::{
    Error,
    statement::{Movement, Statement, camt053, csv},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::object;
use crate::ApiError;

/// How a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// An object of this API.
    Json,
    /// RFC 4180.
    Csv,
    /// ISO 20022 camt.053.001.08.
    Camt053,
}

impl Format {
    /// What `Accept` prefers of the forms there are; JSON where it says nothing that we know.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let ranges =
            headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
        let known = ranges.filter_map(|range| Some((Self::of_range(range)?, weight(range))));
        let mut best = (Self::Json, 0);
        for (format, weight) in known {
            // Of equals, the first.
            if weight > best.1 {
                best = (format, weight);
            }
        }
        best.0
    }

    fn of_range(range: &str) -> Option<Self> {
        let name = range.split(';').next()?.trim().to_ascii_lowercase();
        match name.as_str() {
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "text/csv" | "text/*" => Some(Self::Csv),
            "application/xml" | "text/xml" => Some(Self::Camt053),
            _ => None,
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Camt053 => "application/xml",
        }
    }

    /// What a file of it is called behind the dot.
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Camt053 => "xml",
        }
    }

    /// Whether the statement can be written in this form.
    pub(super) fn check(self, statement: &Statement) -> Result<(), ApiError> {
        match self {
            Self::Json | Self::Csv => Ok(()),
            Self::Camt053 => Ok(camt053::check(statement).map_err(Error::Refused)?),
        }
    }

    /// Everything before the first movement.
    pub(super) fn head(self, statement: &Statement) -> Result<String, ApiError> {
        match self {
            Self::Json => object::head(statement).map_err(|error| ApiError::internal().caused_by(error)),
            Self::Csv => Ok(csv::head(statement)),
            Self::Camt053 => camt053::head(statement).map_err(|error| ApiError::internal().caused_by(error)),
        }
    }

    /// A movement; `first` of the statement or not.
    pub(super) fn movement(self, statement: &Statement, line: &Movement, first: bool) -> Result<String, ApiError> {
        match self {
            Self::Json => object::movement(line, first).map_err(|error| ApiError::internal().caused_by(error)),
            Self::Csv => Ok(csv::movement(statement, line)),
            Self::Camt053 => camt053::movement(statement, line).map_err(|error| ApiError::internal().caused_by(error)),
        }
    }

    /// Everything behind the last movement.
    pub(super) fn tail(self, statement: &Statement) -> Result<String, ApiError> {
        match self {
            Self::Json => Ok(object::TAIL.to_owned()),
            Self::Csv => Ok(csv::tail(statement)),
            Self::Camt053 => camt053::tail().map_err(|error| ApiError::internal().caused_by(error)),
        }
    }
}

/// The `q` of a range in thousandths; 1000 where there is none, 0 where it makes no sense.
fn weight(range: &str) -> u16 {
    let q = range.split(';').skip(1).find_map(|parameter| parameter.trim().strip_prefix("q="));
    let Some(q) = q else { return 1000 };
    let (whole, fraction) = q.split_once('.').unwrap_or((q, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if digits => 1000,
        "0" if digits => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn accept_is_read_with_its_weights() {
        let cases = [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/json", Format::Json),
            ("text/csv", Format::Csv),
            ("Text/CSV; charset=utf-8", Format::Csv),
            ("application/xml", Format::Camt053),
            ("text/xml", Format::Camt053),
            ("image/png", Format::Json),
            ("image/png, text/csv;q=0.5", Format::Csv),
            ("application/json;q=0.2, application/xml;q=0.9, text/csv;q=0.85", Format::Camt053),
            ("text/csv, application/xml", Format::Csv),
            ("text/csv;q=0, */*;q=0.1", Format::Json),
            ("text/csv;q=nonsense", Format::Json),
            ("text/csv;q=1.000", Format::Csv),
        ];
        for (accept, expected) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Format::accepted(&headers), expected, "{accept:?}");
        }
        assert_eq!(Format::accepted(&HeaderMap::new()), Format::Json);
    }
}
