//! `tessera operation get`

use clap::Args;

use super::{Operation, OperationArgument, describe};
use crate::{client::ReadQuery, failure::Failure, output::Document, session::Session};

/// Arguments of `operation get`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera operation get op_01jb3v8z4q5t6w7x8y9zabcdef\n  \
    tessera operation get op_01jb3v8z4q5t6w7x8y9zabcdef -o json")]
pub(crate) struct GetArguments {
    #[command(flatten)]
    operation: OperationArgument,
}

/// Shows the operation as it is now; a failed one is still a successful look.
pub(super) async fn run(arguments: &GetArguments, session: &Session) -> Result<Document, Failure> {
    let reply = session.client.read(&format!("/operations/{}", arguments.operation.id), &ReadQuery::default()).await?;
    let operation = Operation::try_from_reply(reply)?;
    Ok(describe(Document::new(operation.value.clone()), &operation))
}
