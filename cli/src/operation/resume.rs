//! `tessera operation resume`

use clap::Args;
use serde_json::json;

use super::{OperationArgument, describe};
use crate::{
    arguments::{WaitArguments, WriteArguments},
    failure::Failure,
    output::Document,
    session::Session,
    write::{Outcome, Undertaking},
};

/// Arguments of `operation resume`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera operation resume op_01jb3v8z4q5t6w7x8y9zabcdef\n  \
    tessera operation resume op_01jb3v8z4q5t6w7x8y9zabcdef --detach -o json")]
pub(crate) struct ResumeArguments {
    #[command(flatten)]
    operation: OperationArgument,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// Lets it go on, and follows it.
pub(super) async fn run(arguments: &ResumeArguments, session: &Session) -> Result<Document, Failure> {
    let id = arguments.operation.id.to_string();
    let undertaking = Undertaking::new(format!("/operations/{id}/resume"), json!({})).with_operation(&id).over_many();
    match session.perform(undertaking, &arguments.write, &arguments.wait).await? {
        Outcome::Early(document) => Ok(document),
        Outcome::Finished(mut change) => {
            let Some(operation) = change.operation.take() else {
                return Ok(change.document());
            };
            change.object = operation.value.clone();
            let failure = operation.failure();
            let document = describe(change.document(), &operation);
            Ok(match failure {
                Some(failure) => document.failing(failure),
                None => document,
            })
        }
    }
}
