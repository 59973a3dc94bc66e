//! `tessera completion`, and the tenants' slugs that a shell completes from the server.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use clap::{Args, ValueEnum};
use clap_complete::{CompletionCandidate, env::Shells};
use kernel::SystemClock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{runtime, time::timeout};

use crate::{
    client::{Client, ReadQuery},
    configuration::{Overrides, Settings, cache_directory, write_private},
    failure::Failure,
    output::Document,
};

/// The variable by which a shell asks this program for completions.
pub(crate) const VARIABLE: &str = "TESSERA_COMPLETE";
/// How long slugs are remembered between two presses of the tab key.
const CACHE_TTL: Duration = Duration::from_secs(30);
/// How long a shell may be kept waiting.
const LOOKUP_TIMEOUT: Duration = Duration::from_millis(800);
const SLUGS_MAX: usize = 100;

/// Shells with completion.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

/// Arguments of `completion`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera completion bash > ~/.local/share/bash-completion/completions/tessera\n  \
        tessera completion fish > ~/.config/fish/completions/tessera.fish")]
pub(crate) struct CompletionArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(arguments: &CompletionArguments) -> Result<Document, Failure> {
    let name = match arguments.shell {
        Shell::Bash => "bash",
        Shell::Zsh => "zsh",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Elvish => "elvish",
    };
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(name).ok_or_else(|| Failure::local(format!("no completion for {name}")))?;
    shell
        .write_registration(VARIABLE, "tessera", "tessera", "tessera", &mut script)
        .map_err(|error| Failure::local(format!("cannot write the script: {error}")))?;
    let script = String::from_utf8_lossy(&script).into_owned();
    Ok(Document::new(json!({ "object": "completion", "shell": name, "script": script })).text(script.trim_end()))
}

/// Slugs for the shell: from the short cache, else from the server, else none. Never an error, never a question.
pub(crate) fn tenant_candidates() -> Vec<CompletionCandidate> {
    let slugs = Settings::resolve(&Overrides::default()).ok().and_then(|settings| {
        let path = cache_directory().ok()?.join(format!("slugs-{}.json", settings.profile.value));
        let api_url = settings.api_url.value.to_string();
        cached(&path, &api_url).or_else(|| {
            let slugs = looked_up(settings)?;
            let text = serde_json::to_string(&Cache { api_url, slugs: slugs.clone() }).ok()?;
            // Without a cache the next press of the key asks the server again.
            let _ignored = write_private(&path, &text);
            Some(slugs)
        })
    });
    slugs.unwrap_or_default().into_iter().map(CompletionCandidate::new).collect()
}

#[derive(Deserialize, Serialize)]
struct Cache {
    api_url: String,
    slugs: Vec<String>,
}

fn cached(path: &PathBuf, api_url: &str) -> Option<Vec<String>> {
    let written = fs::metadata(path).ok()?.modified().ok()?;
    // An age that cannot be told (a clock that was set back) counts as old.
    let age = now().duration_since(written).ok()?;
    let cache: Cache = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
    (age < CACHE_TTL && cache.api_url == api_url).then_some(cache.slugs)
}

fn now() -> SystemTime {
    use kernel::Clock as _;
    SystemClock.now().into()
}

fn looked_up(settings: Settings) -> Option<Vec<String>> {
    let client = Client::try_new(settings, Arc::new(SystemClock)).ok()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let query = ReadQuery::default().with("limit", &SLUGS_MAX);
    let reply =
        runtime.block_on(async { timeout(LOOKUP_TIMEOUT, client.read("/tenants", &query)).await }).ok()?.ok()?;
    let tenants = reply.body.get("data").and_then(Value::as_array)?;
    Some(tenants.iter().filter_map(|tenant| Some(tenant.get("slug")?.as_str()?.to_owned())).collect())
}
