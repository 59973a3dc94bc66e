//! `make bench`: measures what the documentation claims, on real components, and prints it.
//!
//! Everything runs in this process on a throwaway Postgres with fsync on; figures of one run are comparable
//! with each other, not with another machine's.

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
    let mut report = Report::new();
    report.heading("Policies");
    policy::measure(&mut report)?;
    report.heading("Sealed fields");
    sealing::measure(&mut report).await?;
    let platform = Platform::start().await?;
    println!("{}", machine::describe(&platform).await?);
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
