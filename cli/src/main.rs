//! `tessera`: the servers of the platform and the commands of its staff.
//!
//! The staff commands are an HTTP client of `tessera control` and never a second door to the database.

mod apply;
mod arguments;
mod audit;
mod auth;
mod client;
mod completion;
mod configuration;
mod confirmation;
mod document_file;
mod exit_code;
mod failure;
mod follow;
mod help;
mod host;
mod import;
mod key;
mod key_file;
mod operation;
mod output;
mod plan;
mod profile;
mod server;
mod session;
mod tenant;
mod version;
mod write;

use std::{env, ffi::OsString, process, sync::Arc};

use clap::{CommandFactory as _, Parser as _};
use clap_complete::CompleteEnv;
use kernel::{SystemClock, SystemEntropy};
use tokio::{runtime, signal};

use crate::{
    arguments::{Cli, Command, GlobalArguments, LocalCommand, RemoteCommand},
    exit_code::ExitCode,
    failure::Failure,
    output::{Document, Format, Output},
    server::ServerCommand,
    session::{Pursuit, Session},
};

fn main() -> process::ExitCode {
    // Answers a shell that asks for completions, and returns otherwise.
    CompleteEnv::with_factory(Cli::command).var(completion::VARIABLE).complete();
    let arguments: Vec<OsString> = env::args_os().collect();
    match Cli::try_parse_from(&arguments) {
        Ok(Cli { global, command }) => match command {
            Command::Server(command) => serve(command),
            Command::Local(command) => local(&global, command).into(),
            Command::Remote(command) => remote(&global, command).into(),
        },
        Err(error) => arguments::refuse(&error, &arguments).into(),
    }
}

/// Runs a server until it is told to stop.
fn serve(command: ServerCommand) -> process::ExitCode {
    let outcome = runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(server::run(command)));
    match outcome {
        Ok(()) => process::ExitCode::SUCCESS,
        Err(error) => {
            Output::new(Format::Table, output::ColourChoice::Auto, false).fail(&Failure::local(format!("{error:#}")));
            process::ExitCode::FAILURE
        }
    }
}

/// Runs a command that needs nothing but this machine.
fn local(global: &GlobalArguments, command: LocalCommand) -> ExitCode {
    let output = early_output(global);
    let outcome = match command {
        LocalCommand::Config(command) => profile::run(command, global),
        LocalCommand::Completion(arguments) => completion::run(&arguments),
        LocalCommand::Help(arguments) => help::run(&arguments),
        LocalCommand::Version => Ok(version::run()),
    };
    match outcome {
        Ok(document) => output.print(&document),
        Err(failure) => output.fail(&failure),
    }
}

/// Runs a command that speaks to a server.
fn remote(global: &GlobalArguments, command: RemoteCommand) -> ExitCode {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return early_output(global).fail(&Failure::local(format!("cannot start: {error}"))),
    };
    let exit = runtime.block_on(remote_until_interrupted(global, command));
    // A question nobody answered may still hold a thread at stdin: do not wait for it.
    runtime.shutdown_background();
    exit
}

async fn remote_until_interrupted(global: &GlobalArguments, command: RemoteCommand) -> ExitCode {
    let detailed = matches!(&command, RemoteCommand::Plan(plan) if plan.detailed_exitcode);
    let pursuit = Arc::new(Pursuit::default());
    let mut output = early_output(global);
    let outcome = tokio::select! {
        biased;
        _ = signal::ctrl_c() => Err(pursuit.interrupted()),
        outcome = dispatch(global, command, pursuit.clone(), &mut output) => outcome,
    };
    match outcome {
        Ok(document) => output.print(&document),
        Err(failure) => {
            let exit = output.fail(&failure);
            // In this mode 2 means changes, so that every error has to be 1.
            if detailed && exit != ExitCode::Interrupted { ExitCode::Failure } else { exit }
        }
    }
}

async fn dispatch(
    global: &GlobalArguments,
    command: RemoteCommand,
    pursuit: Arc<Pursuit>,
    output: &mut Output,
) -> Result<Document, Failure> {
    let mut overrides = global.overrides();
    if let RemoteCommand::Auth(command) = &command {
        command.add_to(&mut overrides);
    }
    if matches!(&command, RemoteCommand::Import(_)) {
        import::redirect(&mut overrides);
    }
    let session = Session::try_new(global, &overrides, (Arc::new(SystemClock), Arc::new(SystemEntropy)), pursuit)?;
    *output = session.output;
    match command {
        RemoteCommand::Tenant(command) => tenant::run(command, &session).await,
        RemoteCommand::Key(command) => key::run(command, &session).await,
        RemoteCommand::Plan(arguments) => plan::run(&arguments, &session).await,
        RemoteCommand::Apply(arguments) => apply::run(&arguments, &session).await,
        RemoteCommand::Audit(command) => audit::run(command, &session).await,
        RemoteCommand::Operation(command) => operation::run(command, &session).await,
        RemoteCommand::Auth(command) => auth::run(command, &session).await,
        RemoteCommand::Import(command) => import::run(command, &session).await,
    }
}

/// The streams before the profile is known.
fn early_output(global: &GlobalArguments) -> Output {
    Output::new(global.format().unwrap_or_default(), global.color, global.quiet)
}
