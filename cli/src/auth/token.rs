//! The access token of a request: from the environment, from the credential file, renewed when it has ended.

use std::{env, fs, path::Path, sync::Arc, time::Duration};

use kernel::Clock;
use secrecy::SecretString;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::{
    credential::{Credential, CredentialFile, Grant},
    provider::{Provider, Tokens},
};
use crate::{
    configuration::{Settings, variable},
    failure::Failure,
};

/// An access token for programs that have their own way to get one.
const TOKEN_VARIABLE: &str = "TESSERA_TOKEN";
/// A machine's secret.
pub(super) const SECRET_VARIABLE: &str = "TESSERA_CLIENT_SECRET";

/// Gives the access token and renews it.
#[derive(Debug)]
pub(crate) struct TokenSource {
    settings: Settings,
    clock: Arc<dyn Clock>,
    current: Mutex<Option<Credential>>,
}

impl TokenSource {
    /// Nothing is read yet.
    pub(crate) fn new(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        Self { settings, clock, current: Mutex::new(None) }
    }

    /// The token to send now.
    pub(crate) async fn bearer(&self) -> Result<SecretString, Failure> {
        if let Some(token) = from_environment() {
            return Ok(token);
        }
        let mut current = self.current.lock().await;
        let now = self.clock.now();
        if let Some(credential) = current.as_ref().filter(|credential| credential.is_fresh(now)) {
            return Ok(credential.access_token.secret().clone());
        }
        let file = CredentialFile::of(&self.settings.profile.value)?;
        let credential = match self.stored(&file)? {
            Some(credential) if credential.is_fresh(now) => credential,
            Some(_) => self.renewed(&file, None).await?,
            None => self.machine(&file).await?,
        };
        let token = credential.access_token.secret().clone();
        *current = Some(credential);
        Ok(token)
    }

    /// Gets another token after the server refused the current one; answers whether there is one to try.
    pub(crate) async fn renew(&self) -> Result<bool, Failure> {
        if from_environment().is_some() {
            return Ok(false);
        }
        let mut current = self.current.lock().await;
        let Some(refused) = current.take() else {
            return Ok(false);
        };
        let file = CredentialFile::of(&self.settings.profile.value)?;
        *current = Some(self.renewed(&file, Some(&refused)).await?);
        Ok(true)
    }

    /// The stored credential, if it is meant for the platform in use.
    fn stored(&self, file: &CredentialFile) -> Result<Option<Credential>, Failure> {
        let Some(credential) = file.read()? else {
            return Ok(None);
        };
        let api_url = self.settings.api_url.value.as_str();
        if credential.api_url == api_url {
            return Ok(Some(credential));
        }
        if variable(SECRET_VARIABLE).is_some() {
            return Ok(None);
        }
        let message = format!(
            "the sign-in of profile {} is for {}, not for {api_url}",
            self.settings.profile.value, credential.api_url
        );
        Err(Failure::not_signed_in(message))
    }

    /// Renews the stored credential under its lock; another run may have done so meanwhile.
    async fn renewed(&self, file: &CredentialFile, refused: Option<&Credential>) -> Result<Credential, Failure> {
        let _lock = file.lock()?;
        let credential = self.stored(file)?.ok_or_else(|| Failure::not_signed_in("signed out meanwhile"))?;
        let is_refused = refused.is_some_and(|refused| refused.expires_at == credential.expires_at);
        if credential.is_fresh(self.clock.now()) && !is_refused {
            return Ok(credential);
        }
        let Credential { issuer_url, client_id, audience, .. } = &credential;
        let provider = Provider::discover(&self.settings, issuer_url, client_id, audience).await?;
        let tokens = match (credential.grant, &credential.refresh_token) {
            (Grant::ClientCredentials, _) => {
                provider.client_credentials(&machine_secret(credential.client_secret_file.as_deref())?).await?
            }
            (Grant::DeviceCode, Some(token)) => provider.refresh(token.secret()).await?,
            (Grant::DeviceCode, None) => return Err(Failure::not_signed_in("the sign-in has ended")),
        };
        let renewed = Credential {
            access_token: tokens.access_token,
            expires_at: expiry(self.clock.now(), tokens.expires_in),
            // A provider that does not rotate says nothing: the old token stays good.
            refresh_token: tokens.refresh_token.or(credential.refresh_token),
            ..credential
        };
        file.write(&renewed)?;
        Ok(renewed)
    }

    /// Signs in as a machine without a login command, when the environment holds all it takes.
    async fn machine(&self, file: &CredentialFile) -> Result<Credential, Failure> {
        let Some(secret) = variable(SECRET_VARIABLE) else {
            return Err(Failure::not_signed_in(format!(
                "nobody is signed in to {} (profile {})",
                self.settings.api_url.value, self.settings.profile.value
            )));
        };
        let issuer_url = issuer_of(&self.settings)?;
        let (client_id, audience) = (&self.settings.client_id.value, &self.settings.audience.value);
        let _lock = file.lock()?;
        let provider = Provider::discover(&self.settings, issuer_url, client_id, audience).await?;
        let tokens = provider.client_credentials(&SecretString::from(secret)).await?;
        let credential = credential(&self.settings, Grant::ClientCredentials, tokens, self.clock.now())?;
        file.write(&credential)?;
        Ok(credential)
    }
}

/// The credential that `tokens` make.
pub(super) fn credential(
    settings: &Settings,
    grant: Grant,
    tokens: Tokens,
    now: OffsetDateTime,
) -> Result<Credential, Failure> {
    Ok(Credential {
        api_url: settings.api_url.value.to_string(),
        issuer_url: issuer_of(settings)?.to_owned(),
        client_id: settings.client_id.value.clone(),
        audience: settings.audience.value.clone(),
        grant,
        access_token: tokens.access_token,
        expires_at: expiry(now, tokens.expires_in),
        refresh_token: tokens.refresh_token,
        client_secret_file: None,
    })
}

/// The provider to sign in at.
pub(super) fn issuer_of(settings: &Settings) -> Result<&str, Failure> {
    settings.issuer_url.as_ref().map(|issuer| issuer.value.as_str()).ok_or_else(|| {
        Failure::usage("--issuer-url is required: no TESSERA_ISSUER_URL and no `issuer_url` in the profile")
            .parameter("--issuer-url")
    })
}

/// Whether the environment itself carries the token.
pub(super) fn from_environment() -> Option<SecretString> {
    variable(TOKEN_VARIABLE).map(SecretString::from)
}

/// The machine's secret: from the environment, or from the file named at login.
fn machine_secret(file: Option<&Path>) -> Result<SecretString, Failure> {
    if let Ok(secret) = env::var(SECRET_VARIABLE) {
        return Ok(SecretString::from(secret));
    }
    match file {
        Some(path) => read_secret(path),
        None => Err(Failure::not_signed_in(format!(
            "the machine's sign-in has ended and its secret is not at hand: set {SECRET_VARIABLE}"
        ))),
    }
}

/// A secret file without its final line break.
pub(super) fn read_secret(path: &Path) -> Result<SecretString, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the client secret from {}: {error}", path.display())))?;
    trimmed_secret(&text, &path.display().to_string())
}

/// The secret in `text`; an empty one is a mistake worth naming.
pub(super) fn trimmed_secret(text: &str, origin: &str) -> Result<SecretString, Failure> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() { Err(Failure::usage(format!("{origin} holds no client secret"))) } else { Ok(secret.into()) }
}

fn expiry(now: OffsetDateTime, expires_in: Duration) -> OffsetDateTime {
    let seconds = i64::try_from(expires_in.as_secs()).unwrap_or(i64::MAX);
    now.checked_add(time::Duration::seconds(seconds)).unwrap_or(now)
}
