//! `up`: every server runs, both tenants exist, and `.tessera/stack.json` tells where.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use stack::{Cluster, IdentityFiles, Launch, Outcome, Project, RedisFiles, StackError, require_free};
use tokio::{process::Command, time::timeout};

use super::{
    screen::line,
    servers::{API, API_PORT, CONTROL, CONTROL_PORT, IDENTITY, POSTGRES, REDIS, SERVERS, Servers, WORKER, WORKER_PORT},
    stack_file,
    state::{self, State},
    step::{Step, word},
    tenants,
};

/// How long a command may take that runs to its end.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);

/// What runs after `up`.
pub(crate) struct Running {
    pub(crate) servers: Servers,
    pub(crate) state: State,
    pub(crate) cluster: Cluster,
    pub(crate) identity: IdentityFiles,
}

/// Starts what does not run, leaves alone what does.
pub(crate) async fn up() -> Result<Running> {
    let began = Instant::now();
    let project = Project::locate()?;
    let directory = project.state();
    let _lock = state::lock(&directory)?;
    let mut state = State::open(&directory)?;
    let servers = Servers::of(project)?;
    if !servers.project.tessera_binary().is_file() {
        bail!("the tessera binary is missing; build it with `make build`");
    }
    for (key, _) in SERVERS {
        servers.detached.end_unknown(key).await;
    }
    let (cluster, redis, identity) = foundations(&servers, &mut state).await?;
    platform(&servers, &mut state, (&cluster, &redis, &identity)).await?;
    tenants::provision(&servers, &mut state, &identity).await?;
    let path = stack_file::write(&servers, &mut state, (&cluster, &redis, &identity))?;
    let shown = path.strip_prefix(servers.project.root()).unwrap_or(&path);
    let seconds = began.elapsed().as_secs();
    line(&format!("up: ready after {seconds} s; addresses and passwords are in {}", shown.display()));
    Ok(Running { servers, state, cluster, identity })
}

// What the platform stands on: database, cache, identity provider.
async fn foundations(servers: &Servers, state: &mut State) -> Result<(Cluster, RedisFiles, IdentityFiles)> {
    let step = Step::begin("up", "Postgres");
    let cluster = servers.cluster(state)?;
    let launch = cluster.launch(&servers.log(POSTGRES));
    let outcome = servers.detached.ensure(POSTGRES, &launch, || cluster.mend()).await?;
    step.end(word(outcome), &format!("version {} on port {}", cluster.binaries().major(), cluster.port()));

    let step = Step::begin("up", "Redis");
    let redis = servers.redis(state)?;
    let outcome = servers.detached.ensure(REDIS, &redis.launch(&servers.log(REDIS)), || Ok(())).await?;
    step.end(word(outcome), &format!("on port {}", redis.port()));

    let step = Step::begin("up", "identity provider");
    let identity = servers.identity(state)?;
    let launch = identity.launch(&servers.log(IDENTITY));
    let outcome = servers.detached.ensure(IDENTITY, &launch, || Ok(())).await?;
    step.end(word(outcome), "issuers acme, globex and staff");
    Ok((cluster, redis, identity))
}

async fn platform(
    servers: &Servers,
    state: &mut State,
    (cluster, redis, identity): (&Cluster, &RedisFiles, &IdentityFiles),
) -> Result<()> {
    let step = Step::begin("up", "tessera bootstrap");
    run_to_end(&servers.bootstrap(state, cluster)?).await?;
    step.end("done", "roles, database, control schema");

    let step = Step::begin("up", "tessera control");
    let launch = servers.control(state, cluster, redis, identity)?;
    let outcome = listen(servers, CONTROL, &launch, (servers.control_port, CONTROL_PORT.0)).await?;
    step.end(word(outcome), &servers.control_url());

    let step = Step::begin("up", "tessera api");
    let launch = servers.api(state, cluster, redis)?;
    let outcome = listen(servers, API, &launch, (servers.api_port, API_PORT.0)).await?;
    step.end(word(outcome), &servers.api_url());

    let step = Step::begin("up", "tessera worker");
    let launch = servers.worker(state, cluster, redis)?;
    let outcome = listen(servers, WORKER, &launch, (servers.worker_port, WORKER_PORT.0)).await?;
    step.end(word(outcome), "expired holds, audits of the ledgers");
    Ok(())
}

// The port is looked at only when the server has to be started: then whoever holds it is somebody else.
async fn listen(servers: &Servers, key: &str, launch: &Launch, (port, variable): (u16, &str)) -> Result<Outcome> {
    Ok(servers.detached.ensure(key, launch, || require_free(port, variable)).await?)
}

// What a command said goes to its log, and to the person only if it failed.
async fn run_to_end(launch: &Launch) -> Result<()> {
    let mut command = Command::from(launch.plain_command()?);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).output();
    let Ok(output) = timeout(COMMAND_TIMEOUT, running).await else {
        bail!("{} was not done after {} s", launch.name(), COMMAND_TIMEOUT.as_secs());
    };
    let output = output?;
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() {
        return Ok(());
    }
    Err(StackError::Command {
        command: launch.name().to_owned(),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&said).trim().to_owned(),
    })
    .context("the platform's database could not be made ready")
}
