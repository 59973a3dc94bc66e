//! `demo`: the platform's main job on real parts, told step by step. Every expectation is checked.

mod bank;
mod client;
mod database;
mod money;
mod narrator;
mod people;
mod person;
mod walls;

use anyhow::{Context, Result};
use narrator::{Narrator, quote, say, typed};

use super::{
    people::{STAFF_ISSUER, STAFF_USERNAME, TENANTS},
    screen::line,
    tenants::Cli,
    up::up,
};

/// Starts everything and does the main job.
pub(crate) async fn demo() -> Result<()> {
    let mut running = up().await?;
    let [acme, globex] = &TENANTS;
    let mut narrator = Narrator::begin();

    narrator.chapter("Platform staff has provisioned two tenants with the `tessera` CLI");
    let cli = Cli::new(&running.servers, &mut running.state, &running.identity)?;
    typed("tessera tenant list");
    quote(&cli.table(&["tenant", "list"]).await?);
    let schema = test_schema(&cli, acme.slug).await?;
    say(&format!("acme's test side lives in schema {schema}, behind a role of the same name"));

    narrator.chapter("An end user signs in at acme's own OpenID provider");
    let buyer = people::sign_in(&mut running, acme, "buyer").await?;

    narrator.chapter("His personal data is sealed under acme's key");
    let owner = people::sign_in(&mut running, acme, "owner").await?;
    person::show_sealed(&mut running, &buyer, &owner, &schema).await?;

    narrator.chapter("Money moves between two wallets");
    let wallet = money::show_transfer(&mut running, &buyer, &schema).await?;

    narrator.chapter("The other tenant sees nothing of it");
    walls::show_other_tenant(&mut running, globex, &wallet).await?;

    narrator.chapter("A role that may only look is refused, and the policies say why");
    walls::show_refusal(&mut running, acme, &owner, &wallet).await?;

    narrator.chapter("A bank's history comes in, and agrees with what the bank printed");
    bank::show_import(&running).await?;

    narrator.chapter("The worker recomputes every balance from its entries, and staff reads what it found");
    typed("tessera audit run acme");
    quote(&cli.table(&["audit", "run", acme.slug]).await?);
    say("it does so by itself every hour, in every environment; a ledger that is wrong is an error in its log");

    line("\nDone. Everything still runs: `make status` shows it, `make down` stops it.");
    let issuer = running.identity.issuer_url(STAFF_ISSUER)?;
    line(&format!("To act as staff: `tessera auth login --issuer-url {issuer}`, as {STAFF_USERNAME};"));
    line("his password, everybody else's, and the API keys are in .tessera/stack.json.");
    Ok(())
}

async fn test_schema(cli: &Cli, slug: &str) -> Result<String> {
    let tenant = cli.run(&["tenant", "get", slug]).await?;
    let tenant = tenant.get("object").filter(|object| object.is_object()).unwrap_or(&tenant);
    let environments = tenant.get("environments").and_then(serde_json::Value::as_array);
    let of_mode = |environment: &&serde_json::Value| environment.get("mode").is_some_and(|mode| mode == "test");
    let schema = environments.and_then(|all| all.iter().find(of_mode)?.get("schema")?.as_str());
    schema.map(str::to_owned).context("the tenant has no test environment")
}
