//! A parameter that cannot be accepted, with the field it is about.

use std::fmt;

use serde::de;

use crate::ApiError;

/// What is wrong with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is required and absent.
    Missing,
    /// There is no such parameter.
    Unknown,
    /// It was given twice.
    Repeated,
    /// It is not a whole number that fits.
    NotAnInteger,
    /// Anything else, in words.
    Invalid(String),
}

/// A problem and the path to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterError {
    problem: Problem,
    /// Outermost first.
    path: Vec<String>,
}

impl ParameterError {
    /// A problem at the place being read.
    pub const fn here(problem: Problem) -> Self {
        Self { problem, path: Vec::new() }
    }

    /// A problem with a named parameter.
    pub fn of(param: &str, problem: Problem) -> Self {
        Self { problem, path: vec![param.to_owned()] }
    }

    /// The same problem, seen from the parent.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.path.insert(0, parent.to_owned());
        self
    }

    /// The field in bracket notation: `address[line1]`.
    pub fn param(&self) -> Option<String> {
        let (first, rest) = self.path.split_first()?;
        let mut text = first.clone();
        for part in rest {
            text.push('[');
            text.push_str(part);
            text.push(']');
        }
        Some(text)
    }

    /// What programs branch on.
    const fn code(&self) -> &'static str {
        match self.problem {
            Problem::Missing => "parameter_missing",
            Problem::Unknown => "parameter_unknown",
            Problem::NotAnInteger => "parameter_invalid_integer",
            Problem::Repeated | Problem::Invalid(_) => "parameter_invalid",
        }
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let param = self.param().unwrap_or_else(|| "the request".to_owned());
        match &self.problem {
            Problem::Missing => write!(formatter, "Missing required param: {param}."),
            Problem::Unknown => write!(formatter, "Received unknown parameter: {param}"),
            Problem::Repeated => write!(formatter, "Received {param} more than once."),
            Problem::NotAnInteger => {
                write!(formatter, "Invalid integer for {param}: expected a whole number in minor digits, such as 1250.")
            }
            Problem::Invalid(words) => write!(formatter, "Invalid {param}: {words}."),
        }
    }
}

impl std::error::Error for ParameterError {}

impl de::Error for ParameterError {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::here(Problem::Invalid(words.to_string()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(field, Problem::Missing)
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::of(&shortened(field), Problem::Unknown)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of(field, Problem::Repeated)
    }
}

/// A client's own text is repeated to him only in part.
fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(100).collect()
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        let refusal = Self::invalid(error.code(), error.to_string());
        match error.param() {
            Some(param) => refusal.with_param(param),
            None => refusal,
        }
    }
}
