//! `make bench`: measures what the documentation claims, on real components, and prints it.
//!
//! Everything runs on throwaway Postgres servers with fsync on; figures of one run are comparable with each other, not
//! with another machine's. `bench platform`, `bench ledger` and `bench http` measure one part; without an argument all
//! are measured.

mod http;
mod ledger;
mod machine;
mod platform;
mod policy;
mod report;
mod sealing;
mod tenants;
mod tokens;
mod transactions;

use crate::{platform::Platform, report::Report};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        anyhow::bail!("figures of an unoptimised build mean nothing: run `make bench`");
    }
    match std::env::args().nth(1).as_deref() {
        None => {
            measure_platform().await?;
            ledger::measure().await?;
            Box::pin(http::measure()).await
        }
        Some("platform") => measure_platform().await,
        Some("ledger") => ledger::measure().await,
        Some("http") => Box::pin(http::measure()).await,
        Some(other) => anyhow::bail!("there is no part named {other:?}: say platform, ledger, http, or nothing"),
    }
}

async fn measure_platform() -> anyhow::Result<()> {
    let mut report = Report::new();
    report.heading("Policies");
    policy::measure(&mut report)?;
    report.heading("Sealed fields");
    sealing::measure(&mut report).await?;
    let platform = Platform::start().await?;
    println!("{}", machine::describe(platform.app.pool()).await?);
    report.heading("Tenants");
    tenants::one(&platform, &mut report).await?;
    report.heading("Tokens");
    tokens::measure(&platform, &mut report).await?;
    report.heading("Routing");
    transactions::measure(&platform, &mut report).await?;
    report.heading("Many tenants");
    tenants::hundred(&platform, &mut report).await?;
    report.print();
    Ok(())
}
