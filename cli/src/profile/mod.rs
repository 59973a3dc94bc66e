//! `tessera config profile`: named platforms.

mod list;
mod set;
mod use_profile;

use clap::Subcommand;

use crate::{arguments::GlobalArguments, failure::Failure, output::Document};

/// Configure this command
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Named platforms to work on
    #[command(subcommand, arg_required_else_help = true)]
    Profile(ProfileCommand),
}

/// Named platforms to work on
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles
    #[command(after_help = "Examples:\n  tessera config profile list\n  tessera config profile list -o json")]
    List,
    /// Work with this profile from now on
    Use(use_profile::UseArguments),
    /// Make a profile, or change one
    Set(set::SetArguments),
}

/// Runs one of the commands.
pub(crate) fn run(command: ConfigCommand, global: &GlobalArguments) -> Result<Document, Failure> {
    match command {
        ConfigCommand::Profile(ProfileCommand::List) => list::run(),
        ConfigCommand::Profile(ProfileCommand::Use(arguments)) => use_profile::run(&arguments),
        ConfigCommand::Profile(ProfileCommand::Set(arguments)) => set::run(&arguments, global.api_url()),
    }
}
