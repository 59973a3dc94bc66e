//! `tessera operation`: long jobs are on the server, these commands only follow them.

mod cancel;
mod get;
mod list;
mod model;
mod resume;
mod wait;

use clap::{Args, Subcommand};

use crate::{
    failure::Failure,
    output::{Document, Table, Tone, cell, detail_table, moment, text_of, word},
    session::Session,
};

pub(crate) use model::{Operation, Progress, Step, TenantResult};

/// Follow the long jobs of the control plane
#[derive(Debug, Subcommand)]
pub(crate) enum OperationCommand {
    /// Show an operation and its steps
    Get(get::GetArguments),
    /// List operations, the newest first
    List(list::ListArguments),
    /// Follow an operation to its end
    Wait(wait::WaitCommandArguments),
    /// Let a failed operation go on from its last finished step
    Resume(resume::ResumeArguments),
    /// Stop an operation after its current step
    Cancel(cancel::CancelArguments),
}

/// The operation a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct OperationArgument {
    /// Id of the operation: `op_` and 26 characters
    #[arg(value_name = "ID")]
    id: kernel::OperationId,
}

/// Runs one of the commands.
pub(crate) async fn run(command: OperationCommand, session: &Session) -> Result<Document, Failure> {
    match command {
        OperationCommand::Get(arguments) => get::run(&arguments, session).await,
        OperationCommand::List(arguments) => list::run(&arguments, session).await,
        OperationCommand::Wait(arguments) => wait::run(&arguments, session).await,
        OperationCommand::Resume(arguments) => resume::run(&arguments, session).await,
        OperationCommand::Cancel(arguments) => cancel::run(&arguments, session).await,
    }
}

/// Shows an operation for people below what programs get.
pub(crate) fn describe(document: Document, operation: &Operation) -> Document {
    let Progress { done, total, failed } = operation.progress();
    let mut document = document.name("operation", operation.id()).table(detail_table([
        ("Operation", cell(operation.id())),
        ("Kind", cell(operation.kind())),
        ("Target", cell(text_of(&operation.value, "/target"))),
        ("State", word(operation.state())),
        ("Progress", cell(format!("{done}/{total}, {failed} failed"))),
        ("Actor", cell(text_of(&operation.value, "/actor"))),
        ("Reason", cell(text_of(&operation.value, "/reason"))),
        ("Created", cell(moment(&operation.value, "/created_at"))),
        ("Finished", cell(moment(&operation.value, "/finished_at"))),
    ]));
    if !operation.steps().is_empty() {
        document = document.text("").table(steps_table(operation));
    }
    document
}

fn steps_table(operation: &Operation) -> Table {
    let mut table = Table::new(["step", "tenant", "mode", "outcome", "time", "detail"]);
    for step in operation.steps() {
        let outcome = step.outcome.as_deref().unwrap_or("running");
        table.row([
            cell(&step.name),
            cell(step.tenant.as_deref().unwrap_or("-")),
            cell(step.mode.as_deref().unwrap_or("-")),
            (outcome.to_owned(), Tone::of(outcome)),
            cell(step.duration_ms.map_or_else(|| "-".to_owned(), crate::follow::shown_duration)),
            cell(step.detail.as_deref().unwrap_or("")),
        ]);
    }
    table
}
