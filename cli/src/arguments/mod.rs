//! The command line: the tree of commands and the options they share.

mod refusal;
mod shared;

use clap::{Args, Parser, Subcommand};

use crate::{
    apply::ApplyArguments,
    audit::AuditCommand,
    auth::AuthCommand,
    completion::CompletionArguments,
    configuration::{Overrides, ProfileName},
    help::HelpArguments,
    import::ImportCommand,
    key::KeyCommand,
    operation::OperationCommand,
    output::{ColourChoice, Format},
    plan::PlanArguments,
    profile::ConfigCommand,
    server::ServerCommand,
    tenant::TenantCommand,
};

pub(crate) use refusal::refuse;
pub(crate) use shared::{RequestKey, TenantArgument, WaitArguments, WriteArguments, parse_duration};

/// Staff commands and servers of the Tessera payments platform
#[derive(Debug, Parser)]
#[command(
    name = "tessera",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        tessera auth login --issuer-url https://id.example.com --client-id tessera-cli\n  \
        tessera tenant create acme --issuer-url https://login.acme.example --plan standard\n\n\
        `tessera help exit-codes` lists the exit codes; `tessera completion bash` prints a completion script."
)]
pub(crate) struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]
pub(crate) struct GlobalArguments {
    /// Format of the data on stdout [default: table, or the profile's]
    #[arg(short = 'o', long = "output", global = true, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
    /// Short for `-o json`
    #[arg(long, global = true, conflicts_with = "output")]
    json: bool,
    /// Profile to use [env: TESSERA_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<ProfileName>,
    /// URL of the control plane [env: TESSERA_API_URL]; for `import`, of the payment API
    #[arg(long, global = true, value_name = "URL")]
    api_url: Option<String>,
    /// When to colour; NO_COLOR is obeyed
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: ColourChoice,
    /// No progress and no notes on stderr
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Answer yes to plain questions; typed confirmations still need `--confirm`
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Never ask: fail and name the missing flag instead
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
}

impl GlobalArguments {
    /// What the command line says about the settings.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            profile: self.profile.clone(),
            api_url: self.api_url.clone(),
            format: self.format(),
            ..Overrides::default()
        }
    }

    /// The URL named on the command line.
    pub(crate) fn api_url(&self) -> Option<&str> {
        self.api_url.as_deref()
    }

    /// The format named on the command line.
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.output }
    }
}

/// Every command.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one value is made per run")]
pub(crate) enum Command {
    #[command(flatten)]
    Remote(RemoteCommand),
    #[command(flatten)]
    Local(LocalCommand),
    #[command(flatten)]
    Server(ServerCommand),
}

/// Commands that speak to the control plane, to the identity provider or to the payment API.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one value is made per run")]
pub(crate) enum RemoteCommand {
    /// Create, look at and look after tenants
    #[command(subcommand, arg_required_else_help = true)]
    Tenant(TenantCommand),
    /// Look after the KMS keys of a tenant's environments
    #[command(subcommand, arg_required_else_help = true)]
    Key(KeyCommand),
    /// Show the difference between a file of tenants and the platform
    ///
    /// The server computes it, so that validation and permission checks are real. Nothing is changed. --out saves the
    /// plan for `tessera apply`, which applies exactly that plan or nothing.
    Plan(PlanArguments),
    /// Apply exactly a saved plan
    ///
    /// There is no question: the plan was the question. A plan whose base has moved since is refused (exit 5).
    /// Applying again continues where a broken run stopped, and reports finished steps as `unchanged`. API keys are
    /// not issued here; `tessera tenant rotate-keys SLUG --only-if-none` does.
    Apply(ApplyArguments),
    /// See what audits of the ledgers found, and have one now
    #[command(subcommand, arg_required_else_help = true)]
    Audit(AuditCommand),
    /// Follow the long jobs of the control plane
    #[command(subcommand, arg_required_else_help = true)]
    Operation(OperationCommand),
    /// Sign in and out
    #[command(subcommand, arg_required_else_help = true)]
    Auth(AuthCommand),
    /// Bring in the history of another system
    #[command(subcommand, arg_required_else_help = true)]
    Import(ImportCommand),
}

/// Commands that need no server and no valid configuration; some of them exist to mend it.
#[derive(Debug, Subcommand)]
pub(crate) enum LocalCommand {
    /// Configure this command
    #[command(subcommand, arg_required_else_help = true)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    ///
    /// The script asks this program for candidates, so that it stays right after an update; slugs come from the
    /// server and are remembered for a short time.
    Completion(CompletionArguments),
    /// Explain a command or a topic
    ///
    /// Topics: `exit-codes` lists what the exit codes mean; `man` prints the manual page, or writes one page per
    /// command with --dir.
    Help(HelpArguments),
    /// Print the version
    #[command(after_help = "Examples:\n  tessera version\n  tessera version -o json")]
    Version,
}
