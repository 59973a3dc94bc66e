//! `tessera import`: histories of other systems, brought in through the payment API and through nothing else.

mod bank;
mod creation;
mod history;
mod ndjson;
mod order;
mod payment_api;
mod posting;
mod progress;
mod secret_key;
mod source;
mod summary;

use clap::Subcommand;

use crate::{configuration::Overrides, failure::Failure, output::Document, session::Session};

/// Where `tessera api` listens when nobody says otherwise. What environment and profile name is the control plane,
/// and a tenant's key must not go there.
const API_URL_DEFAULT: &str = "http://127.0.0.1:8080";

/// Bring in the history of another system
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Import a bank's customers, accounts and movements
    ///
    /// Reads a folder of the PKDD'99 financial data set (client, disp, district, account and trans, `.asc` or
    /// `.asc.gz`) and creates customers, wallets and transfers in the environment of a secret API key. Every creation
    /// has a key of its own that follows from the data, so that a second import changes nothing and an interrupted
    /// one is continued by running it again. A line that cannot be read is reported with its number and left out.
    Bank(bank::BankArguments),
}

/// Has the requests sent to the payment API instead of the control plane.
pub(crate) fn redirect(overrides: &mut Overrides) {
    overrides.api_url.get_or_insert_with(|| API_URL_DEFAULT.to_owned());
}

/// Runs one of the commands.
pub(crate) async fn run(command: ImportCommand, session: &Session) -> Result<Document, Failure> {
    match command {
        ImportCommand::Bank(arguments) => bank::run(&arguments, session).await,
    }
}
