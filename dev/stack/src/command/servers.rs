//! The servers of `make up`: how each is started, in the order in which each needs the ones before it.

use std::{collections::BTreeMap, env, fs, os::unix::fs::PermissionsExt, path::PathBuf};

use anyhow::{Context, Result, bail};
use stack::{
    Cluster, ClusterSpec, Detached, IdentityFiles, Launch, Project, Ready, RedisFiles, StopSignal, is_free, port_owner,
};

use super::{people, state::State};

/// Every server's key, in the order of starting, with the signal that stops it in order.
pub(crate) const SERVERS: [(&str, StopSignal); 6] = [
    (POSTGRES, StopSignal::Interrupt),
    (REDIS, StopSignal::Terminate),
    (IDENTITY, StopSignal::Terminate),
    (CONTROL, StopSignal::Terminate),
    (API, StopSignal::Terminate),
    (WORKER, StopSignal::Terminate),
];
pub(crate) const POSTGRES: &str = "postgres";
pub(crate) const REDIS: &str = "redis";
pub(crate) const IDENTITY: &str = "identity";
pub(crate) const CONTROL: &str = "control";
pub(crate) const API: &str = "api";
pub(crate) const WORKER: &str = "worker";

/// Where the servers of the platform listen unless the person says otherwise.
pub(crate) const API_PORT: (&str, u16) = ("TESSERA_API_PORT", 8080);
pub(crate) const CONTROL_PORT: (&str, u16) = ("TESSERA_CONTROL_PORT", 8081);
pub(crate) const WORKER_PORT: (&str, u16) = ("TESSERA_WORKER_PORT", 9082);

/// The platform's database.
pub(crate) const DATABASE: &str = "tessera";
const CONTROL_ROLE: &str = "tessera_control";
const APP_ROLE: &str = "tessera_app";
const WORKER_ROLE: &str = "tessera_worker";

/// Everything that the servers' commands are made of.
pub(crate) struct Servers {
    pub(crate) project: Project,
    pub(crate) detached: Detached,
    pub(crate) api_port: u16,
    pub(crate) control_port: u16,
    pub(crate) worker_port: u16,
    directory: PathBuf,
}

impl Servers {
    /// Reads where the person wants the servers to listen.
    pub(crate) fn of(project: Project) -> Result<Self> {
        let directory = project.state();
        Ok(Self {
            detached: Detached::new(directory.join("run")),
            api_port: port_from_environment(API_PORT)?,
            control_port: port_from_environment(CONTROL_PORT)?,
            worker_port: port_from_environment(WORKER_PORT)?,
            directory,
            project,
        })
    }

    /// The address of the payment API.
    pub(crate) fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.api_port)
    }

    /// The address of the staff API.
    pub(crate) fn control_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.control_port)
    }

    /// Where the worker says that it lives.
    pub(crate) fn worker_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.worker_port)
    }

    /// Where a server's output goes.
    pub(crate) fn log(&self, key: &str) -> PathBuf {
        self.directory.join("logs").join(format!("{key}.log"))
    }

    /// The database's files, made if they are missing.
    pub(crate) fn cluster(&self, state: &mut State) -> Result<Cluster> {
        let spec = ClusterSpec {
            directory: self.directory.join("postgres"),
            port: self.own_port(state, POSTGRES)?,
            superuser_password: state.secret(POSTGRES)?,
            settings: Vec::new(),
        };
        Ok(Cluster::prepare(spec)?)
    }

    /// The cache's files.
    pub(crate) fn redis(&self, state: &mut State) -> Result<RedisFiles> {
        let port = self.own_port(state, REDIS)?;
        Ok(RedisFiles::lasting(&self.directory.join("redis"), port, &state.secret(REDIS)?)?)
    }

    /// The identity provider's files. Its ports are part of the issuers' names, so they never change.
    pub(crate) fn identity(&self, state: &mut State) -> Result<IdentityFiles> {
        let issuers = people::issuers(state)?;
        let mut ports = BTreeMap::new();
        let names = people::TENANTS.iter().map(|tenant| tenant.slug).chain([people::STAFF_ISSUER]);
        for name in names {
            let port = state.port(&format!("issuer {name}"))?;
            if self.detached.pid(IDENTITY).is_none() && !is_free(port) {
                let owner = port_owner(port).map(|owner| format!(" by {owner}")).unwrap_or_default();
                bail!(
                    "port {port} of the issuer `{name}` is in use{owner}; it is part of the name that tenants are \
                     registered with: stop that program, or begin anew with `make clean`"
                );
            }
            ports.insert(name.to_owned(), port);
        }
        let admin_token = state.secret(IDENTITY)?;
        Ok(IdentityFiles::write(&self.project, &self.directory.join("identity"), &issuers, &ports, &admin_token)?)
    }

    /// `tessera bootstrap`, which makes the platform's roles and its database.
    pub(crate) fn bootstrap(&self, state: &mut State, cluster: &Cluster) -> Result<Launch> {
        Ok(Launch::new("tessera bootstrap", self.project.tessera_binary())
            .argument("bootstrap")
            .environment("TESSERA_BOOTSTRAP__ADMIN_URL", cluster.admin_url())
            .environment("TESSERA_BOOTSTRAP__CONTROL_PASSWORD", state.secret(CONTROL_ROLE)?)
            .environment("TESSERA_BOOTSTRAP__APP_PASSWORD", state.secret(APP_ROLE)?)
            .environment("TESSERA_BOOTSTRAP__WORKER_PASSWORD", state.secret(WORKER_ROLE)?)
            .log_file(self.log("bootstrap")))
    }

    /// `tessera control`.
    pub(crate) fn control(
        &self,
        state: &mut State,
        cluster: &Cluster,
        redis: &RedisFiles,
        identity: &IdentityFiles,
    ) -> Result<Launch> {
        let database = cluster.url(CONTROL_ROLE, &state.secret(CONTROL_ROLE)?, DATABASE);
        Ok(self
            .platform(CONTROL, self.control_port, redis)?
            .environment("TESSERA_CONTROL__LISTEN", format!("127.0.0.1:{}", self.control_port))
            .environment("TESSERA_CONTROL__DATABASE_URL", database)
            .environment("TESSERA_CONTROL__STAFF_ISSUER", identity.issuer_url(people::STAFF_ISSUER)?)
            .environment("TESSERA_CONTROL__STAFF_AUDIENCE", "urn:tessera:platform"))
    }

    /// `tessera api`.
    pub(crate) fn api(&self, state: &mut State, cluster: &Cluster, redis: &RedisFiles) -> Result<Launch> {
        let database = cluster.url(APP_ROLE, &state.secret(APP_ROLE)?, DATABASE);
        Ok(self
            .platform(API, self.api_port, redis)?
            .environment("TESSERA_API__LISTEN", format!("127.0.0.1:{}", self.api_port))
            .environment("TESSERA_API__DATABASE_URL", database))
    }

    /// `tessera worker`.
    pub(crate) fn worker(&self, state: &mut State, cluster: &Cluster, redis: &RedisFiles) -> Result<Launch> {
        let database = cluster.url(WORKER_ROLE, &state.secret(WORKER_ROLE)?, DATABASE);
        Ok(self
            .platform(WORKER, self.worker_port, redis)?
            .environment("TESSERA_WORKER__LISTEN", format!("127.0.0.1:{}", self.worker_port))
            .environment("TESSERA_WORKER__DATABASE_URL", database))
    }

    fn platform(&self, key: &str, port: u16, redis: &RedisFiles) -> Result<Launch> {
        let keys = self.directory.join("keys");
        fs::create_dir_all(&keys)
            .and_then(|()| fs::set_permissions(&keys, fs::Permissions::from_mode(0o700)))
            .with_context(|| format!("cannot make {}", keys.display()))?;
        Ok(Launch::new(format!("tessera {key}"), self.project.tessera_binary())
            .argument(key)
            .environment("TESSERA_REDIS__URL", redis.url())
            .environment("TESSERA_KEYRING__LOCAL_DIRECTORY", keys.to_string_lossy())
            .environment("TESSERA_IDENTITY__ALLOW_HTTP_ISSUERS", "true")
            .directory(&self.directory)
            .log_file(self.log(key))
            .ready(Ready::http(format!("http://127.0.0.1:{port}/readyz"))))
    }

    // A running server keeps its port; one that has to be started takes another if its own was taken meanwhile.
    fn own_port(&self, state: &mut State, key: &str) -> Result<u16> {
        let server = if key == "metrics" { API } else { key };
        if self.detached.pid(server).is_some() { state.port(key) } else { state.port_to_start_on(key) }
    }
}

fn port_from_environment((variable, default): (&str, u16)) -> Result<u16> {
    match env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable} must be a port, not `{text}`")),
        Err(_) => Ok(default),
    }
}
