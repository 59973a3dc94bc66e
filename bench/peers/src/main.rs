//! `cala-bench`: cala-ledger under the same load, on the cluster that `TESSERA_BENCH_DATABASE_URL` names.
//!
//! Prints one JSON object of figures a line. Its accounts have no floor: cala would need a velocity control for one,
//! three more statements a call, and is spared them.

mod ledger;
mod probe;

use std::{env, sync::Arc};

use anyhow::Context as _;
use load::{Distribution, Plan, Shape};
use sqlx::{Connection as _, PgConnection};
use url::Url;

use crate::{ledger::Cala, probe::CalaProbe};

const DATABASE_URL: &str = "TESSERA_BENCH_DATABASE_URL";
const DATABASE: &str = "cala";
const ACCOUNTS: usize = 10_000;
const UNIFORM: Distribution = Distribution::Uniform { accounts: ACCOUNTS };
const HOT: Distribution = Distribution::Hot { accounts: ACCOUNTS };

/// Load, callers, and transfers a call: one by one, and in batches with one caller and with two, one for each core.
const RUNS: [(Distribution, usize, usize); 9] = [
    (UNIFORM, 1, 1),
    (UNIFORM, 8, 1),
    (UNIFORM, 32, 1),
    (HOT, 8, 1),
    (UNIFORM, 1, 100),
    (UNIFORM, 1, 400),
    (UNIFORM, 2, 100),
    (UNIFORM, 2, 400),
    (HOT, 1, 400),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    anyhow::ensure!(!cfg!(debug_assertions), "figures of an unoptimised build mean nothing: run `make bench`");
    let url = env::var(DATABASE_URL).with_context(|| format!("{DATABASE_URL} names the cluster"))?;
    let plan = Plan::from_environment()?;
    let mut admin = PgConnection::connect(&url).await?;
    sqlx::query("CREATE DATABASE cala").execute(&mut admin).await?;
    let mut url: Url = url.parse()?;
    url.set_path(DATABASE);
    measure(&url, plan).await?;
    sqlx::query("DROP DATABASE cala WITH (FORCE)").execute(&mut admin).await?;
    Ok(())
}

async fn measure(url: &Url, plan: Plan) -> anyhow::Result<()> {
    let cala = Arc::new(Cala::prepare(url, ACCOUNTS).await?);
    let probe = CalaProbe::connect(url).await?;
    for (load, in_flight, per_call) in RUNS {
        let figures = load::run(&cala, &probe, &Shape { load, in_flight, per_call, plan }).await?;
        println!("{}", serde_json::to_string(&figures)?);
    }
    Ok(())
}
