//! The demonstration's tenants, provisioned as staff would do it: with the `tessera` CLI.

use std::{
    fs,
    path::PathBuf,
    process::{Output, Stdio},
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use stack::{IdentityFiles, SigningAlgorithm, StackError};
use tokio::process::Command;

use super::{
    people::{DemoTenant, STAFF_ISSUER, STAFF_MACHINE, TENANTS},
    servers::Servers,
    state::{SecretKeys, State, write_private},
    step::Step,
};

/// The CLI's exit code for something that is not there.
const EXIT_NOT_FOUND: i32 = 3;
/// States in which a tenant needs nothing more from here; a person may have chosen them.
const SETTLED: [&str; 4] = ["active", "suspended", "offboarding", "offboarded"];

/// Has every tenant there, with its secret keys known.
pub(crate) async fn provision(servers: &Servers, state: &mut State, identity: &IdentityFiles) -> Result<()> {
    let cli = Cli::new(servers, state, identity)?;
    for tenant in &TENANTS {
        let step = Step::begin("up", format!("tenant {}", tenant.slug));
        if is_settled(&cli, tenant).await? && state.keys(tenant.slug).is_some() {
            step.end("unchanged", "");
            continue;
        }
        let file = write_specification(servers, tenant, identity)?;
        let shown = format!("tessera tenant create {} --file .tessera/tenants/{}.json", tenant.slug, tenant.slug);
        let mut keys = None;
        if !is_settled(&cli, tenant).await? {
            let made = cli.run(&["tenant", "create", tenant.slug, "--file", &file]).await?;
            keys = read_keys(made.get("api_keys"));
        }
        if keys.is_none() && state.keys(tenant.slug).is_none() {
            // The tenant is there, but whoever saw its keys has gone: new ones.
            let rotate = ["tenant", "rotate-keys", tenant.slug, "--overlap", "0s", "--yes"];
            let rotated = cli.run(&rotate).await?;
            keys = read_keys(rotated.pointer("/object/keys"));
        }
        match keys {
            Some(keys) => state.keep_keys(tenant.slug, keys)?,
            None if state.keys(tenant.slug).is_none() => bail!("the platform gave no secret keys for {}", tenant.slug),
            None => {}
        }
        step.end("created", &shown);
    }
    bring_forward(&cli).await
}

/// Tenants that an older build made get what this one expects.
async fn bring_forward(cli: &Cli) -> Result<()> {
    let step = Step::begin("up", "tenants' tables");
    let done = cli.run(&["tenant", "migrate", "--all", "--yes"]).await?;
    let changed = done.get("changed").and_then(Value::as_bool).unwrap_or(true);
    step.end(if changed { "migrated" } else { "unchanged" }, "tessera tenant migrate --all --yes");
    Ok(())
}

async fn is_settled(cli: &Cli, tenant: &DemoTenant) -> Result<bool> {
    let Some(found) = cli.find(&["tenant", "get", tenant.slug]).await? else { return Ok(false) };
    let status = found.get("status").or_else(|| found.pointer("/object/status"));
    Ok(status.and_then(Value::as_str).is_some_and(|status| SETTLED.contains(&status)))
}

fn write_specification(servers: &Servers, tenant: &DemoTenant, identity: &IdentityFiles) -> Result<String> {
    let algorithm = match tenant.algorithm {
        SigningAlgorithm::Rs256 => "RS256",
        SigningAlgorithm::Es256 => "ES256",
    };
    let people = tenant.people();
    let members: Vec<Value> = people
        .iter()
        .filter_map(|person| Some(json!({ "subject": tenant.subject(person), "role": person.role? })))
        .collect();
    let specification = json!({
        "slug": tenant.slug,
        "name": tenant.name,
        "plan": "standard",
        "key_provider": "local",
        "issuer": {
            "url": identity.issuer_url(tenant.slug)?,
            "audience_live": "urn:tessera:live",
            "audience_test": "urn:tessera:test",
            "tenant_claim": "tenant",
            "algorithms": [algorithm],
        },
        "members": members,
    });
    let folder = servers.project.state().join("tenants");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("{}.json", tenant.slug));
    write_private(&path, &serde_json::to_vec_pretty(&specification)?)?;
    Ok(path.to_string_lossy().into_owned())
}

fn read_keys(keys: Option<&Value>) -> Option<SecretKeys> {
    let secret = |mode: &str| {
        let key = keys?.as_array()?.iter().find(|key| key.get("mode").and_then(Value::as_str) == Some(mode))?;
        Some(key.get("secret")?.as_str()?.to_owned())
    };
    Some(SecretKeys { test: secret("test")?, live: secret("live")? })
}

/// The staff CLI, signed in as a machine.
pub(crate) struct Cli {
    program: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Cli {
    /// Its settings come from the environment, and its files go beside ours: a person's own profile stays untouched.
    pub(crate) fn new(servers: &Servers, state: &mut State, identity: &IdentityFiles) -> Result<Self> {
        let files = servers.project.state().join("cli").to_string_lossy().into_owned();
        let environment = vec![
            ("TESSERA_API_URL", servers.control_url()),
            ("TESSERA_ISSUER_URL", identity.issuer_url(STAFF_ISSUER)?.to_owned()),
            ("TESSERA_CLIENT_ID", STAFF_MACHINE.to_owned()),
            ("TESSERA_CLIENT_SECRET", state.secret(STAFF_MACHINE)?),
            ("XDG_CONFIG_HOME", files.clone()),
            ("XDG_CACHE_HOME", files),
        ];
        Ok(Self { program: servers.project.tessera_binary(), environment })
    }

    /// Runs a command; anything but success is an error.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Value> {
        let (code, document, said) = self.execute(arguments).await?;
        if code == Some(0) { Ok(document) } else { Err(failed(arguments, code, &said)) }
    }

    /// Runs a command that may find nothing.
    pub(crate) async fn find(&self, arguments: &[&str]) -> Result<Option<Value>> {
        let (code, document, said) = self.execute(arguments).await?;
        match code {
            Some(0) => Ok(Some(document)),
            Some(EXIT_NOT_FOUND) => Ok(None),
            _ => Err(failed(arguments, code, &said)),
        }
    }

    /// What a command prints for people.
    pub(crate) async fn table(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments, "table").await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(failed(arguments, output.status.code(), String::from_utf8_lossy(&output.stderr).trim()))
    }

    async fn execute(&self, arguments: &[&str]) -> Result<(Option<i32>, Value, String)> {
        let output = self.output(arguments, "json").await?;
        let document = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        // Standard output may hold new keys: only the error's own words are shown.
        let words = document.pointer("/error/message").and_then(Value::as_str).map(str::to_owned);
        let said = words.unwrap_or_else(|| String::from_utf8_lossy(&output.stderr).trim().to_owned());
        Ok((output.status.code(), document, said))
    }

    async fn output(&self, arguments: &[&str], format: &str) -> Result<Output> {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TESSERA_")) {
                command.env_remove(&name);
            }
        }
        command
            .args(arguments)
            .args(["-o", format, "--quiet", "--no-input"])
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .output()
            .await
            .context("cannot run the tessera CLI")
    }
}

fn failed(arguments: &[&str], code: Option<i32>, said: &str) -> anyhow::Error {
    let status = code.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
    let command = format!("tessera {}", arguments.join(" "));
    StackError::Command { command, status, output: said.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keys_are_needed() {
        let both = json!([{"mode": "live", "secret": "sk_live_1"}, {"mode": "test", "secret": "sk_test_1"}]);
        let keys = read_keys(Some(&both)).unwrap();
        assert_eq!((keys.test.as_str(), keys.live.as_str()), ("sk_test_1", "sk_live_1"));
        assert!(read_keys(Some(&json!([{"mode": "live", "secret": "sk_live_1"}]))).is_none());
        assert!(read_keys(Some(&json!([]))).is_none());
        assert!(read_keys(None).is_none());
    }
}
