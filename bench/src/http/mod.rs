//! What a client sees: transfers and balances over HTTP, from a real `tessera api` with everything switched on.

mod client;
mod probe;
mod requests;
mod results;
mod server;
mod wallets;

use std::sync::Arc;

use load::{Distribution, Plan, Shape, run};

use self::{
    client::Client,
    probe::HttpProbe,
    requests::{Balances, Counted, Transfers, Wallets},
    results::Results,
    server::Served,
};
use crate::machine;

/// How many connections there are, each with one request under way.
const CONNECTIONS: [usize; 4] = [1, 8, 64, 256];
/// Between how many wallets money moves.
const WALLETS: usize = 10_000;

pub(crate) async fn measure() -> anyhow::Result<()> {
    let plan = Plan::from_environment()?;
    let (measured, warm_up) = (plan.measured.as_secs(), plan.warm_up.as_secs());
    println!("measuring: requests over HTTP, each run {measured} s after {warm_up} s of warm-up");
    let served = Served::start().await?;
    println!("  {}", machine::describe(served.admin()).await?);
    let wallets = wallets::make(&served, WALLETS).await?;
    let bench = Bench { served, plan, wallets: wallets.into() };
    let mut results = Results::default();
    for connections in CONNECTIONS {
        let client = bench.client(connections).await?;
        bench.run(Transfers::new(client, Arc::clone(&bench.wallets)), connections, &mut results).await?;
        wallets::check(&bench.served).await?;
    }
    let balances = wallets::balances(&bench.served).await?;
    for (path, connections) in CONNECTIONS.map(|connections| ("/balance", connections)).into_iter().chain([("", 64)]) {
        let client = bench.client(connections).await?;
        let wallets = Arc::clone(&bench.wallets);
        bench.run(Balances::try_new(client, &wallets, path, &balances)?, connections, &mut results).await?;
    }
    results.print();
    Ok(())
}

struct Bench {
    served: Served,
    plan: Plan,
    wallets: Wallets,
}

impl Bench {
    async fn client(&self, connections: usize) -> anyhow::Result<Client> {
        Client::open(self.served.address(), self.served.secret_key(), connections).await
    }

    async fn run<S: Counted>(&self, subject: S, connections: usize, results: &mut Results) -> anyhow::Result<()> {
        let subject = Arc::new(subject);
        let probe = HttpProbe::connect(&self.served, Arc::clone(&subject)).await?;
        let load = Distribution::Uniform { accounts: WALLETS };
        let shape = Shape { load, in_flight: connections, per_call: 1, plan: self.plan };
        let figures = run(&subject, &probe, &shape).await?;
        results.add(figures, probe.spent());
        Ok(())
    }
}
