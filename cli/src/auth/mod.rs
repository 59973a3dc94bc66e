//! Signing in at the staff's OpenID provider: as a person (device flow) or as a machine (client credentials).

mod credential;
mod login;
mod logout;
mod provider;
mod status;
mod token;

use clap::{Args, Subcommand};

use crate::{configuration::Overrides, failure::Failure, output::Document, session::Session};

pub(crate) use token::TokenSource;

/// Sign in and out
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Sign in: as a person in a browser, or as a machine with a client secret
    ///
    /// With a client secret (`TESSERA_CLIENT_SECRET`, or --client-secret-file) the command signs in by client
    /// credentials. Without one it prints an address and a code for a browser on any device and waits. The tokens are
    /// kept in a file that only you can read, and are sent to this control plane alone.
    Login(login::LoginArguments),
    /// Show who is signed in and where every setting came from
    #[command(after_help = "Examples:\n  tessera auth status\n  tessera auth status --profile eu-prod -o json")]
    Status,
    /// Forget the tokens, and revoke them at the provider where it offers that
    #[command(after_help = "Examples:\n  tessera auth logout\n  tessera auth logout --profile eu-prod")]
    Logout,
}

/// Which provider, which client, which audience.
#[derive(Clone, Debug, Args)]
#[expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]
pub(crate) struct ProviderArguments {
    /// URL of the staff's OpenID provider [env: TESSERA_ISSUER_URL]
    #[arg(long, value_name = "URL")]
    issuer_url: Option<String>,
    /// Client at that provider [env: TESSERA_CLIENT_ID] [default: tessera-cli]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Audience of the tokens [env: TESSERA_AUDIENCE] [default: urn:tessera:platform]
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
}

impl AuthCommand {
    /// Lets the flags of `auth login` win over environment and profile.
    pub(crate) fn add_to(&self, overrides: &mut Overrides) {
        if let Self::Login(login) = self {
            overrides.issuer_url.clone_from(&login.provider.issuer_url);
            overrides.client_id.clone_from(&login.provider.client_id);
            overrides.audience.clone_from(&login.provider.audience);
        }
    }
}

/// Runs one of the commands.
pub(crate) async fn run(command: AuthCommand, session: &Session) -> Result<Document, Failure> {
    match command {
        AuthCommand::Login(arguments) => login::run(&arguments, session).await,
        AuthCommand::Status => status::run(session).await,
        AuthCommand::Logout => logout::run(session).await,
    }
}
