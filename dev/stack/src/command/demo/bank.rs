//! Fifteen months of a real bank, brought into the first tenant's test side.

use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::{
    super::{people::TENANTS, up::Running},
    narrator::{quote, say, typed},
};

/// The data, below the checkout.
const FOLDER: &str = "tests/data/bank-1993";

/// Imports the bank, and shows what the import says. A repeated demonstration finds everything there.
pub(super) async fn show_import(running: &Running) -> Result<()> {
    let [acme, _] = &TENANTS;
    let project = &running.servers.project;
    let folder = project.root().join(FOLDER);
    let keys = running.state.keys(acme.slug).context("the tenant has no keys")?;
    let api = running.servers.api_url();
    say("49,102 movements of 1993 and 1994 (PKDD'99 challenge data); its last line is torn, and is named");
    typed(&format!("tessera import bank {FOLDER} --api-url {api}"));
    // Its progress goes straight to the terminal.
    let output = Command::new(project.tessera_binary())
        .args(["import", "bank"])
        .arg(&folder)
        .args(["--api-url", &api])
        .env("TESSERA_SECRET_KEY", &keys.test)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .await
        .context("cannot run tessera import bank")?;
    quote(&String::from_utf8_lossy(&output.stdout));
    if output.status.success() { Ok(()) } else { bail!("the import ended with {}", output.status) }
}
