//! What signing in leaves behind: one file per profile, readable by the owner alone.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Duration, OffsetDateTime, serde::rfc3339};

use crate::{
    configuration::{ProfileName, configuration_directory, make_private_directory, write_private},
    failure::Failure,
};

/// A token this close to its end is not worth sending.
const EXPIRY_MARGIN: Duration = Duration::seconds(20);

/// How somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grant {
    /// A person, in a browser.
    DeviceCode,
    /// A machine, with a client secret.
    ClientCredentials,
}

impl Grant {
    /// The word of the file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceCode => "device_code",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// A secret text that can be stored in the credential file and printed nowhere else.
#[derive(Clone)]
pub(crate) struct StoredSecret(SecretString);

impl StoredSecret {
    /// Wraps the text.
    pub(crate) fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The secret itself.
    pub(crate) const fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for StoredSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

impl Serialize for StoredSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for StoredSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A signed-in identity, bound to the platform it may be shown to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Credential {
    /// The only platform the token is sent to.
    pub(crate) api_url: String,
    /// The provider that issued it.
    pub(crate) issuer_url: String,
    /// The client it was issued to.
    pub(crate) client_id: String,
    /// The audience it was asked for.
    pub(crate) audience: String,
    /// How it was obtained, and so how it is renewed.
    pub(crate) grant: Grant,
    /// The token.
    pub(crate) access_token: StoredSecret,
    /// When it ends.
    #[serde(with = "rfc3339")]
    pub(crate) expires_at: OffsetDateTime,
    /// What gets the next token of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<StoredSecret>,
    /// Where the machine's secret is; the secret itself is not stored again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret_file: Option<PathBuf>,
}

impl Credential {
    /// Whether the token can still be sent at `now`.
    pub(crate) fn is_fresh(&self, now: OffsetDateTime) -> bool {
        now + EXPIRY_MARGIN < self.expires_at
    }
}

/// The credential file of one profile.
#[derive(Clone, Debug)]
pub(crate) struct CredentialFile {
    path: PathBuf,
}

impl CredentialFile {
    /// The file of `profile`, which may not exist yet.
    pub(crate) fn of(profile: &ProfileName) -> Result<Self, Failure> {
        let directory = configuration_directory()?.join("credentials");
        Ok(Self { path: directory.join(format!("{profile}.json")) })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it; `None` when nobody is signed in.
    pub(crate) fn read(&self) -> Result<Option<Credential>, Failure> {
        match fs::read_to_string(&self.path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| {
                Failure::not_signed_in(format!("{} is damaged (line {})", self.path.display(), error.line()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::local(format!("cannot read {}: {error}", self.path.display()))),
        }
    }

    /// Replaces it.
    pub(crate) fn write(&self, credential: &Credential) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(credential)
            .map_err(|error| Failure::local(format!("the credential cannot be stored: {error}")))?;
        write_private(&self.path, &text)
            .map_err(|error| Failure::local(format!("cannot write {}: {error}", self.path.display())))
    }

    /// Removes it; says whether there was one.
    pub(crate) fn remove(&self) -> Result<bool, Failure> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Failure::local(format!("cannot remove {}: {error}", self.path.display()))),
        }
    }

    /// Keeps other runs of this command out until the answer is dropped. A refresh token works once:
    /// two runs that spend the same one would sign the person out.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        let path = self.path.with_extension("lock");
        let locked = path.parent().map_or(Ok(()), make_private_directory).and_then(|()| {
            let file = File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock().map(|()| file)
        });
        locked.map_err(|error| Failure::local(format!("cannot lock {}: {error}", path.display())))
    }
}
