//! Profiles: named platforms in `profiles.toml`. They hold addresses and never a secret.

use std::{collections::BTreeMap, fmt, fs, io, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{configuration_directory, write_private};
use crate::{failure::Failure, output::Format};

/// A profile's name: also a file name, so only letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ProfileName(String);

impl ProfileName {
    /// The profile in use when none was chosen.
    pub(crate) fn standard() -> Self {
        Self("default".to_owned())
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ProfileName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=40).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a profile's name has 1 to 40 letters, digits, `-` and `_`".to_owned())
        }
    }
}

impl TryFrom<String> for ProfileName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> Self {
        name.0
    }
}

/// One platform. Everything is optional: what is absent comes from the environment or the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// URL of `tessera control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_url: Option<String>,
    /// The staff's OpenID provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer_url: Option<String>,
    /// The CLI's client at that provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    /// The audience of the tokens to ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<String>,
    /// The format when no `-o` is given.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_format")]
    pub(crate) output: Option<Format>,
    /// Whether every prompt names the profile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) production: bool,
    /// Whether tokens may travel over plain HTTP to another machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_http: bool,
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn serialize_format<S: serde::Serializer>(format: &Option<Format>, serializer: S) -> Result<S::Ok, S::Error> {
    format.map(Format::as_str).serialize(serializer)
}

/// The file of profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The profile in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<ProfileName>,
    /// All profiles by name.
    #[serde(default)]
    pub(crate) profiles: BTreeMap<ProfileName, Profile>,
}

impl Profiles {
    /// Reads the file; without one there are no profiles.
    pub(crate) fn load() -> Result<Self, Failure> {
        let path = Self::path()?;
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| Failure::usage(format!("{}: {}", path.display(), error.to_string().trim()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::local(format!("cannot read {}: {error}", path.display()))),
        }
    }

    /// Writes the file.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let path = Self::path()?;
        let text = toml::to_string(self).map_err(|error| Failure::local(format!("profiles: {error}")))?;
        write_private(&path, &text).map_err(|error| Failure::local(format!("cannot write {}: {error}", path.display())))
    }

    fn path() -> Result<PathBuf, Failure> {
        configuration_directory().map(|directory| directory.join("profiles.toml"))
    }
}
