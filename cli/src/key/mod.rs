//! `tessera key`: the KMS keys of a tenant's environments, and the data keys under them.

mod destroy;
mod disable;
mod enable;
mod list;
mod rotate;
mod rotate_data_keys;

use clap::{Args, Subcommand};
use kernel::Mode;
use serde_json::Value;

use crate::{
    arguments::{TenantArgument, WaitArguments, WriteArguments},
    failure::Failure,
    output::Document,
    session::Session,
    write::{Outcome, Undertaking},
};

/// Look after the KMS keys of a tenant's environments
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List a tenant's KMS keys
    List(list::ListArguments),
    /// Wrap from now on under a new version of the KMS key
    Rotate(rotate::RotateArguments),
    /// Disable the KMS key: what needs it answers 503
    Disable(disable::DisableArguments),
    /// Enable the KMS key again
    Enable(enable::EnableArguments),
    /// Destroy the KMS key: nothing sealed under it opens again
    ///
    /// This cannot be undone once the provider has carried it out. Asks for the tenant's slug to be typed, or takes
    /// --confirm.
    Destroy(destroy::DestroyArguments),
    /// Seal from now on under new data keys
    RotateDataKeys(rotate_data_keys::RotateDataKeysArguments),
}

/// The KMS key a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeyArgument {
    #[command(flatten)]
    tenant: TenantArgument,
    /// The environment
    #[arg(long, value_name = "live|test")]
    mode: Mode,
}

/// Options of every change of a key.
#[derive(Clone, Debug, Args)]
pub(crate) struct ChangeArguments {
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Runs one of the commands.
pub(crate) async fn run(command: KeyCommand, session: &Session) -> Result<Document, Failure> {
    match command {
        KeyCommand::List(arguments) => list::run(&arguments, session).await,
        KeyCommand::Rotate(arguments) => rotate::run(&arguments, session).await,
        KeyCommand::Disable(arguments) => disable::run(&arguments, session).await,
        KeyCommand::Enable(arguments) => enable::run(&arguments, session).await,
        KeyCommand::Destroy(arguments) => destroy::run(&arguments, session).await,
        KeyCommand::RotateDataKeys(arguments) => rotate_data_keys::run(&arguments, session).await,
    }
}

impl KeyArgument {
    /// A request to `verb` this key.
    fn undertaking(&self, verb: &str, body: Value) -> Undertaking {
        let slug = &self.tenant.slug;
        Undertaking::new(format!("/tenants/{slug}/kms_keys/{}/{verb}", self.mode), body).about(slug)
    }
}

/// Carries out a `verb` on one KMS key.
async fn change_key(
    session: &Session,
    key: &KeyArgument,
    (verb, body): (&str, Value),
    write: &WriteArguments,
    wait: &WaitArguments,
) -> Result<Document, Failure> {
    match session.perform(key.undertaking(verb, body), write, wait).await? {
        Outcome::Early(document) => Ok(document),
        Outcome::Finished(change) => Ok(change.document_of("kms_key", &format!("{}/{}", key.tenant.slug, key.mode))),
    }
}
