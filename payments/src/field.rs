//! Checks of what clients send: bounds, characters, forms. A message never repeats the value.

use std::{fmt, str::FromStr};

use policies::Country;
use tenancy::actor::Subject;
use thiserror::Error;

use crate::{Refusal, RefusalClass};

/// Longest e-mail address, in characters.
const EMAIL_CHARS_MAX: usize = 512;
/// Longest part before the `@`, in characters.
const EMAIL_LOCAL_CHARS_MAX: usize = 64;
/// Longest domain, in characters.
const EMAIL_DOMAIN_CHARS_MAX: usize = 253;

/// Longest issuer, in characters.
const ISSUER_CHARS_MAX: usize = 500;
/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 255;

/// A parameter that breaks a rule of its own.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{param} {problem}")]
pub struct InvalidField {
    /// Which parameter, in bracket notation.
    pub param: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a parameter.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// Nothing in it.
    #[error("must not be empty; leave it out or send null")]
    Empty,
    /// Too many characters.
    #[error("must have at most {chars_max} characters")]
    TooLong {
        /// How many it may have.
        chars_max: usize,
    },
    /// NUL, a line break or another control character.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// Not the form of an e-mail address.
    #[error("must be an e-mail address")]
    NotAnEmail,
    /// A number outside its range.
    #[error("must be an integer from {min} to {max}")]
    OutOfRange {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// Too many elements.
    #[error("must have at most {max} entries")]
    TooMany {
        /// How many it may have.
        max: usize,
    },
    /// Given together with another parameter that excludes it.
    #[error("cannot be given together with {other}")]
    Exclusive {
        /// The other one.
        other: &'static str,
    },
    /// Another form than expected.
    #[error("must be {expected}")]
    Malformed {
        /// In words.
        expected: &'static str,
    },
}

impl Refusal for InvalidField {
    fn code(&self) -> &'static str {
        match self.problem {
            Problem::Empty => "parameter_invalid_empty",
            Problem::TooLong { .. } => "parameter_too_long",
            Problem::ControlCharacter => "parameter_invalid_characters",
            Problem::NotAnEmail => "email_invalid",
            Problem::OutOfRange { .. } => "parameter_invalid_integer",
            Problem::TooMany { .. } => "parameter_too_many",
            Problem::Exclusive { .. } => "parameters_exclusive",
            Problem::Malformed { .. } => "parameter_invalid",
        }
    }

    fn param(&self) -> Option<&'static str> {
        Some(self.param)
    }

    fn class(&self) -> RefusalClass {
        RefusalClass::Invalid
    }
}

impl Problem {
    pub(crate) const fn of(self, param: &'static str) -> InvalidField {
        InvalidField { param, problem: self }
    }
}

/// A text that says something: not blank, within its bound, no control characters.
pub(crate) fn text(param: &'static str, value: String, chars_max: usize) -> Result<String, InvalidField> {
    if value.chars().nth(chars_max).is_some() {
        return Err(Problem::TooLong { chars_max }.of(param));
    }
    if value.chars().any(char::is_control) {
        return Err(Problem::ControlCharacter.of(param));
    }
    if value.trim().is_empty() {
        return Err(Problem::Empty.of(param));
    }
    Ok(value)
}

/// An e-mail address, without white space around it. Whether it receives mail is not asked.
pub(crate) fn email(param: &'static str, value: &str) -> Result<String, InvalidField> {
    let value = text(param, value.trim().to_owned(), EMAIL_CHARS_MAX)?;
    if is_email(&value) { Ok(value) } else { Err(Problem::NotAnEmail.of(param)) }
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    let within = |part: &str, chars_max: usize| !part.is_empty() && part.chars().nth(chars_max).is_none();
    let plain =
        |part: &str| !part.chars().any(|char| char.is_whitespace() || matches!(char, '@' | '<' | '>' | ',' | ';'));
    let dots_inside = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let label = |label: &str| {
        !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|char| char.is_alphanumeric() || char == '-')
    };
    within(local, EMAIL_LOCAL_CHARS_MAX)
        && plain(local)
        && dots_inside(local)
        && within(domain, EMAIL_DOMAIN_CHARS_MAX)
        && domain.contains('.')
        && dots_inside(domain)
        && domain.split('.').all(label)
}

/// An ISO 3166-1 country code as postal addresses write it, in upper case.
pub(crate) fn country(param: &'static str, value: String) -> Result<String, InvalidField> {
    let upper_case = value.bytes().all(|byte| byte.is_ascii_uppercase());
    if upper_case && Country::from_str(&value.to_ascii_lowercase()).is_ok() {
        Ok(value)
    } else {
        Err(Problem::Malformed { expected: "an ISO 3166-1 country code of two upper-case letters, such as `DE`" }
            .of(param))
    }
}

/// A person as an issuer knows him; `params` name the two fields. Whether the issuer is the tenant's shows when he
/// comes with a token of it.
pub(crate) fn subject(params: [&'static str; 2], subject: Subject) -> Result<Subject, InvalidField> {
    let [issuer, person] = params;
    Ok(Subject {
        issuer: text(issuer, subject.issuer, ISSUER_CHARS_MAX)?,
        subject: text(person, subject.subject, SUBJECT_CHARS_MAX)?,
    })
}

/// Stands for personal data in debug output.
pub(crate) struct Hidden;

impl Hidden {
    /// Shows whether there is a value, never the value.
    pub(crate) fn of<T>(value: Option<&T>) -> Option<Self> {
        value.map(|_| Self)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_in_characters_and_free_of_control_characters() {
        assert_eq!(text("name", "\u{e9}".repeat(3), 3), Ok("\u{e9}".repeat(3)));
        let problem = |value: &str| text("name", value.to_owned(), 3).unwrap_err().problem;
        assert_eq!(problem("abcd"), Problem::TooLong { chars_max: 3 });
        for bad in ["a\0", "\u{7f}", "a\nb", "\u{85}", "\u{1b}"] {
            assert_eq!(problem(bad), Problem::ControlCharacter, "{bad:?}");
        }
        for blank in ["", " ", "\u{3000}"] {
            assert_eq!(problem(blank), Problem::Empty, "{blank:?}");
        }
    }

    #[test]
    fn email_addresses_have_one_plain_form() {
        for good in ["a@b.de", " Ada.Lovelace+x@sub.example.com ", "\u{fc}ser@ex\u{e4}mple.org", "o'brien@example.org"]
        {
            assert_eq!(email("email", good).as_deref(), Ok(good.trim()), "{good}");
        }
        let long_local = format!("{}@b.de", "a".repeat(65));
        let long_domain = format!("a@{}.de", "b".repeat(260));
        for bad in [
            "a",
            "@",
            "a@",
            "@b.de",
            "a@b",
            "a@@b.de",
            "a@b..de",
            "a@.b.de",
            "a@b.de.",
            "a b@c.de",
            ".a@b.de",
            "a.@b.de",
            "a@-b.de",
            "a@b_c.de",
            "<a@b.de>",
            "a@b.de,c@d.de",
            &long_local,
            &long_domain,
        ] {
            assert_eq!(email("email", bad), Err(Problem::NotAnEmail.of("email")), "{bad}");
        }
        assert_eq!(email("email", "a\0@b.de").unwrap_err().problem, Problem::ControlCharacter);
        assert_eq!(email("email", "  ").unwrap_err().problem, Problem::Empty);
    }

    #[test]
    fn countries_of_addresses_are_in_upper_case() {
        assert!(country("address[country]", "DE".to_owned()).is_ok());
        for bad in ["de", "De", "ZZ", "", "DEU", "\u{c4}"] {
            assert!(country("address[country]", bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refused_field_names_itself_and_not_its_value() {
        let refusal = text("name", "secret\0".to_owned(), 10).unwrap_err();
        assert_eq!((refusal.code(), refusal.param()), ("parameter_invalid_characters", Some("name")));
        assert_eq!(refusal.to_string(), "name must not contain control characters");
    }
}
