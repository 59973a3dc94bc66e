//! One complete platform on free ports: Postgres, Redis, the mint, `tessera control` and `tessera api`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use stack::{Postgres, Project, Redis};
use tempfile::TempDir;
use tokio::process::Command;

use super::{
    client::Client,
    database::Database,
    mint::{Issuer, KeyKind, Mint},
    server::{Server, Settings, setting},
};

/// Passwords of the throwaway cluster; they begin with letters, so that no configuration reads them as numbers.
const CONTROL_PASSWORD: &str = "control-of-a-throwaway-cluster";
const APP_PASSWORD: &str = "app-of-a-throwaway-cluster";
const WORKER_PASSWORD: &str = "worker-of-a-throwaway-cluster";
/// The audience of staff tokens.
pub const STAFF_AUDIENCE: &str = "urn:tessera:platform";
/// More requests a second than any test sends.
const UNLIMITED: u32 = 1_000_000;
/// Set to keep the logs of a run for a look at them.
const KEEP_VARIABLE: &str = "TESSERA_TESTS_KEEP";

/// How long a process that should refuse to start may run.
const BRIEF: Duration = Duration::from_secs(20);

/// What is unusual about a stack.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Settings of `postgresql.conf`.
    pub postgres: Vec<(&'static str, &'static str)>,
    /// Settings of both processes.
    pub both: Settings,
    /// Settings of the API.
    pub api: Settings,
    /// Settings of the control plane.
    pub control: Settings,
}

/// A running platform.
#[derive(Debug)]
pub struct Stack {
    pub api: Server,
    pub control: Server,
    pub redis: Redis,
    pub mint: Mint,
    pub staff_issuer: Issuer,
    pub database: Database,
    wishes: Wishes,
    // After the processes, so that they are gone when the server goes.
    pub postgres: Postgres,
    directory: Option<TempDir>,
    logs: PathBuf,
}

impl Stack {
    /// Starts everything from nothing.
    pub async fn start(wishes: Wishes) -> Self {
        let directory = tempfile::Builder::new().prefix("tessera-e2e-").tempdir().unwrap();
        let logs = directory.path().join("logs");
        std::fs::create_dir_all(&logs).unwrap();
        let (postgres, redis, mint) =
            tokio::join!(Postgres::throwaway_with(&wishes.postgres), Redis::throwaway(), Mint::open());
        let (postgres, redis) = (postgres.unwrap(), redis.unwrap());
        bootstrap(&postgres).await;
        let staff_issuer = mint.issuer("staff", KeyKind::P256);
        let parts = Parts { postgres: &postgres, redis: &redis, directory: directory.path(), wishes: &wishes };
        let staff = parts.control(staff_issuer.url());
        let (api, control) = tokio::join!(
            Server::start("api", "API", parts.api(), &logs),
            Server::start("control", "CONTROL", staff, &logs)
        );
        let database = Database::of(&postgres);
        let directory = Some(directory);
        Self { api, control, redis, mint, staff_issuer, database, wishes, postgres, directory, logs }
    }

    fn parts(&self) -> Parts<'_> {
        Parts { postgres: &self.postgres, redis: &self.redis, directory: self.directory(), wishes: &self.wishes }
    }

    /// The folder of this stack.
    pub fn directory(&self) -> &Path {
        self.directory.as_ref().expect("there until it is dropped").path()
    }

    /// Another API process on the same database, with settings of its own.
    pub async fn another_api(&self, settings: Settings) -> Server {
        Server::start("api", "API", overridden(self.parts().api(), settings), &self.logs).await
    }

    /// Another API process whose connections to Postgres go through the proxy at this port. Its own port outlasts it:
    /// while it is dead the system gives that to nobody.
    pub async fn another_api_behind(&self, proxy_port: u16) -> Server {
        let direct = self.postgres.url("tessera_app", APP_PASSWORD, "tessera");
        let mut url = reqwest::Url::parse(&direct).unwrap();
        url.set_port(Some(proxy_port)).unwrap();
        let address = format!("127.0.0.1:{}", stack::lasting_port().unwrap());
        self.another_api(vec![setting("API__DATABASE_URL", url), setting("API__LISTEN", address)]).await
    }

    /// Another control process on the same database, for the staff of `issuer_url`.
    pub async fn another_control(&self, issuer_url: &str, settings: Settings) -> Server {
        Server::start("control", "CONTROL", overridden(self.parts().control(issuer_url), settings), &self.logs).await
    }

    /// A worker on the same database, with settings of its own.
    pub async fn worker(&self, settings: Settings) -> Server {
        Server::start("worker", "WORKER", overridden(self.parts().worker(), settings), &self.logs).await
    }

    /// Runs an API process that is expected to end by itself, and answers how it ended.
    pub async fn run_api_briefly(&self, settings: Settings) -> std::process::Output {
        let listen = setting("API__LISTEN", format!("127.0.0.1:{}", stack::free_port().unwrap()));
        let mut command = Command::new(Project::locate().unwrap().tessera_binary());
        command.arg("api").envs(overridden(self.parts().api(), settings)).envs([listen]).kill_on_drop(true);
        let running = tokio::time::timeout(BRIEF, command.output());
        running.await.expect("it ends by itself").unwrap()
    }

    /// A member of the platform's staff, at the first control process.
    pub fn staff(&self, role: &str) -> Client {
        self.control.anonymous().with_bearer(&self.staff_token(role))
    }

    /// A token of somebody with this `staff_role`.
    pub fn staff_token(&self, role: &str) -> String {
        self.staff_issuer.bare_token(STAFF_AUDIENCE, &format!("staff-{role}")).claim("staff_role", role).mint()
    }

    /// Everything Postgres has logged.
    pub fn postgres_log(&self) -> String {
        std::fs::read_to_string(self.postgres.log_file()).unwrap_or_default()
    }

    /// The folder of the local provider's master keys.
    pub fn master_keys(&self) -> PathBuf {
        self.directory().join("keys")
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::env::var_os(KEEP_VARIABLE).is_some()
            && let Some(directory) = self.directory.take()
        {
            eprintln!("kept {}", directory.keep().display());
        }
    }
}

/// What settings are made from.
struct Parts<'a> {
    postgres: &'a Postgres,
    redis: &'a Redis,
    directory: &'a Path,
    wishes: &'a Wishes,
}

impl Parts<'_> {
    fn both(&self) -> Settings {
        let settings = vec![
            setting("REDIS__URL", self.redis.url()),
            setting("KEYRING__LOCAL_DIRECTORY", self.directory.join("keys").display()),
            setting("IDENTITY__ALLOW_HTTP_ISSUERS", true),
        ];
        overridden(settings, self.wishes.both.clone())
    }

    fn api(&self) -> Settings {
        let mut settings = self.both();
        settings.extend([
            setting("API__DATABASE_URL", self.postgres.url("tessera_app", APP_PASSWORD, "tessera")),
            setting("API__RATE_LIMIT_ENVIRONMENT_PER_SECOND", UNLIMITED),
            setting("API__RATE_LIMIT_CREDENTIAL_PER_SECOND", UNLIMITED),
        ]);
        overridden(settings, self.wishes.api.clone())
    }

    fn worker(&self) -> Settings {
        let mut settings = self.both();
        settings.push(setting("WORKER__DATABASE_URL", self.postgres.url("tessera_worker", WORKER_PASSWORD, "tessera")));
        settings
    }

    fn control(&self, staff_issuer: &str) -> Settings {
        let mut settings = self.both();
        settings.extend([
            setting("CONTROL__DATABASE_URL", self.postgres.url("tessera_control", CONTROL_PASSWORD, "tessera")),
            setting("CONTROL__STAFF_ISSUER", staff_issuer),
            setting("CONTROL__STAFF_AUDIENCE", STAFF_AUDIENCE),
        ]);
        overridden(settings, self.wishes.control.clone())
    }
}

/// Later settings win; an empty value removes one.
fn overridden(mut settings: Settings, own: Settings) -> Settings {
    for (name, value) in own {
        settings.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            settings.push((name, value));
        }
    }
    settings
}

/// Runs `tessera bootstrap` to its end.
async fn bootstrap(postgres: &Postgres) {
    let output = bootstrap_command(postgres).output().await.unwrap();
    assert!(output.status.success(), "bootstrap: {}", String::from_utf8_lossy(&output.stderr));
}

/// `tessera bootstrap` for this cluster.
pub fn bootstrap_command(postgres: &Postgres) -> Command {
    let mut command = Command::new(Project::locate().unwrap().tessera_binary());
    command.arg("bootstrap").envs([
        setting("BOOTSTRAP__ADMIN_URL", postgres.admin_url()),
        setting("BOOTSTRAP__CONTROL_PASSWORD", CONTROL_PASSWORD),
        setting("BOOTSTRAP__APP_PASSWORD", APP_PASSWORD),
        setting("BOOTSTRAP__WORKER_PASSWORD", WORKER_PASSWORD),
    ]);
    command
}
