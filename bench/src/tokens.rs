//! What a token costs: verified for the first time, and seen again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::SystemClock;
use stack::OidcClient;
use tenancy::{
    UnitsOfWork,
    directory::{Directory, DirectoryConfig},
    identity::{KeySets, Resolver},
};

use crate::{
    platform::{CLIENT, ISSUER, Platform, identity_config},
    report::{Report, Samples},
};

const TOKENS: usize = 200;
const REPEATS: usize = 20_000;

pub(crate) async fn measure(platform: &Platform, report: &mut Report) -> anyhow::Result<()> {
    let config = identity_config();
    let units = UnitsOfWork::new(platform.app.clone());
    let directory = Directory::new(units.clone(), DirectoryConfig::from(&config), Arc::new(SystemClock));
    let key_sets = KeySets::new(&config, Arc::new(SystemClock))?;
    let resolver = Resolver::new(units, directory, key_sets, &config, Arc::new(SystemClock));
    let client = OidcClient::confidential(platform.identity.issuer_url(ISSUER)?, CLIENT.0, CLIENT.1);
    let mut tokens = Vec::with_capacity(TOKENS);
    for _ in 0..TOKENS {
        tokens.push(client.client_credentials("urn:tessera:test").await?.access_token);
    }
    let (first, rest) = tokens.split_first().ok_or_else(|| anyhow::anyhow!("no tokens"))?;
    // The first one fetches the issuer's keys, the directory and the member: what is measured is a cached key.
    resolver.resolve_bearer(first).await?;
    let mut fresh = Samples::default();
    for token in rest {
        let started = Instant::now();
        resolver.resolve_bearer(token).await?;
        fresh.push(started.elapsed());
    }
    report.bounded("a new token on a cached key (RS256)", &mut fresh, Duration::from_micros(150));
    let mut repeated = Samples::default();
    for _ in 0..REPEATS {
        let started = Instant::now();
        resolver.resolve_bearer(first).await?;
        repeated.push(started.elapsed());
    }
    report.bounded("the same token again", &mut repeated, Duration::from_micros(5));
    Ok(())
}
