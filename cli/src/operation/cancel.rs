//! `tessera operation cancel`

use clap::Args;
use serde_json::json;

use super::OperationArgument;
use crate::{
    arguments::WriteArguments,
    failure::Failure,
    output::Document,
    session::Session,
    write::{Outcome, Undertaking},
};

/// Arguments of `operation cancel`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera operation cancel op_01jb3v8z4q5t6w7x8y9zabcdef --reason 'wrong canary'\n  \
    tessera operation cancel op_01jb3v8z4q5t6w7x8y9zabcdef --dry-run")]
pub(crate) struct CancelArguments {
    #[command(flatten)]
    operation: OperationArgument,
    #[command(flatten)]
    write: WriteArguments,
}

/// Asks the server to stop it; what is finished stays.
pub(super) async fn run(arguments: &CancelArguments, session: &Session) -> Result<Document, Failure> {
    let path = format!("/operations/{}/cancel", arguments.operation.id);
    match session.perform_at_once(Undertaking::new(path, json!({})), &arguments.write).await? {
        Outcome::Early(document) => Ok(document),
        Outcome::Finished(change) => Ok(change.document()),
    }
}
