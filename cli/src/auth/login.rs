//! `tessera auth login`

use std::{
    io::{self, Read as _},
    path::{self, Path, PathBuf},
};

use clap::{Args, ValueHint};
use openidconnect::core::CoreDeviceAuthorizationResponse;
use secrecy::SecretString;
use serde_json::json;

use super::{
    ProviderArguments,
    credential::{Credential, CredentialFile, Grant},
    provider::Provider,
    status,
    token::{SECRET_VARIABLE, credential, from_environment, issuer_of, read_secret, trimmed_secret},
};
use crate::{
    configuration::variable,
    failure::Failure,
    output::{Document, Output},
    session::Session,
};

/// Arguments of `auth login`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera auth login --issuer-url https://id.example.com\n  \
        tessera auth login --issuer-url https://id.example.com --client-id ops --client-secret-file ops.secret")]
#[expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    pub(super) provider: ProviderArguments,
    /// File with the client's secret, `-` for stdin; the environment's TESSERA_CLIENT_SECRET does as well
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    client_secret_file: Option<PathBuf>,
}

/// Signs in and stores the credential.
pub(super) async fn run(arguments: &LoginArguments, session: &Session) -> Result<Document, Failure> {
    let settings = &session.settings;
    let issuer_url = issuer_of(settings)?;
    let secret = secret(arguments)?;
    if secret.is_none() && session.interaction.forbidden {
        return Err(Failure::usage(format!(
            "--client-secret-file or {SECRET_VARIABLE} is required with --no-input: the device flow needs a person"
        ))
        .parameter("--client-secret-file"));
    }
    // Refuse before asking anybody to sign in for nothing.
    settings.refuse_clear_text(&settings.api_url.value)?;
    let provider =
        Provider::discover(settings, issuer_url, &settings.client_id.value, &settings.audience.value).await?;
    let credential = if let Some(secret) = &secret {
        let tokens = provider.client_credentials(secret).await?;
        let credential = credential(settings, Grant::ClientCredentials, tokens, session.clock.now())?;
        Credential { client_secret_file: remembered(arguments.client_secret_file.as_deref())?, ..credential }
    } else {
        let device = provider.begin_device().await?;
        show(&device, session);
        let tokens = provider.finish_device(&device).await?;
        credential(settings, Grant::DeviceCode, tokens, session.clock.now())?
    };
    let file = CredentialFile::of(&settings.profile.value)?;
    let lock = file.lock()?;
    file.write(&credential)?;
    drop(lock);
    if from_environment().is_some() {
        Output::tell("warning: TESSERA_TOKEN is set and wins over this sign-in");
    }
    status::run(session).await
}

/// The machine's secret, if this is a machine. Never from the arguments themselves.
fn secret(arguments: &LoginArguments) -> Result<Option<SecretString>, Failure> {
    match arguments.client_secret_file.as_deref() {
        Some(path) if path == Path::new("-") => {
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Failure::usage(format!("cannot read the client secret from stdin: {error}")))?;
            trimmed_secret(&text, "stdin").map(Some)
        }
        Some(path) => read_secret(path).map(Some),
        None => Ok(variable(SECRET_VARIABLE).map(SecretString::from)),
    }
}

/// The path by which the secret is found again from any directory.
fn remembered(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match path {
        Some(path) if path != Path::new("-") => path::absolute(path)
            .map(Some)
            .map_err(|error| Failure::local(format!("cannot name {} absolutely: {error}", path.display()))),
        _ => Ok(None),
    }
}

/// Tells the person where to go; this is needed even with `--quiet`.
fn show(device: &CoreDeviceAuthorizationResponse, session: &Session) {
    let address = device.verification_uri();
    let code = device.user_code().secret();
    let complete = device.verification_uri_complete().map(|uri| uri.secret().clone());
    session.output.event(&json!({
        "event": "device_authorization",
        "verification_uri": address.as_str(),
        "verification_uri_complete": complete,
        "user_code": code,
        "expires_in_seconds": device.expires_in().as_secs(),
    }));
    Output::tell(&format!("Open {} in a browser and enter the code {code}", address.as_str()));
    if let Some(complete) = complete {
        Output::tell(&format!("or open {complete}"));
    }
    session.output.note("Waiting for you there; Ctrl-C stops.");
}
