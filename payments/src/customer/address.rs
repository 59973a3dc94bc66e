//! A postal address: personal data, sealed as a whole.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::field::{self, InvalidField};

/// Longest line, city or state, in characters.
const LINE_CHARS_MAX: usize = 256;
/// Longest postal code, in characters.
const POSTAL_CODE_CHARS_MAX: usize = 32;

/// A postal address. All parts are optional; Debug output hides them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    #[serde(default)]
    pub line1: Option<String>,
    /// Apartment, floor, building.
    #[serde(default)]
    pub line2: Option<String>,
    /// City or town.
    #[serde(default)]
    pub city: Option<String>,
    /// State, county or province.
    #[serde(default)]
    pub state: Option<String>,
    /// Postal code.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// ISO 3166-1 code of two upper-case letters.
    #[serde(default)]
    pub country: Option<String>,
}

impl keyring::JsonPlaintext for Address {}

impl Address {
    /// Checks every part; an address without any is none.
    pub(super) fn checked(self) -> Result<Option<Self>, InvalidField> {
        let part = |param, value: Option<String>, chars_max| {
            value.map(|value| field::text(param, value, chars_max)).transpose()
        };
        let address = Self {
            line1: part("address[line1]", self.line1, LINE_CHARS_MAX)?,
            line2: part("address[line2]", self.line2, LINE_CHARS_MAX)?,
            city: part("address[city]", self.city, LINE_CHARS_MAX)?,
            state: part("address[state]", self.state, LINE_CHARS_MAX)?,
            postal_code: part("address[postal_code]", self.postal_code, POSTAL_CODE_CHARS_MAX)?,
            country: self.country.map(|value| field::country("address[country]", value)).transpose()?,
        };
        Ok((address != Self::default()).then_some(address))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address([hidden])")
    }
}
