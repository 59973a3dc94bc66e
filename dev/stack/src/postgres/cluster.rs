//! The cluster's files: made once, mended when a killed run left them half made.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::process::Signal;
use url::Url;

use super::{
    binaries::PostgresBinaries,
    place::{give, reachable_folder, socket_directory},
};
use crate::{
    error::{During, StackError},
    launch::{Launch, StopSignal},
    process_table,
    ready::Ready,
    spawner,
    system_user::SystemUser,
};

/// The superuser's name.
const SUPERUSER: &str = "postgres";
/// Written after `initdb` has finished: a cluster without it is half made.
const MARKER: &str = "initialised";
/// How long leftover backends get to go after a kill, in steps of 20 ms.
const LEFTOVER_WAIT_STEPS: u32 = 250;
/// What every cluster of ours runs with. Rows and statements stay out of the log: they may hold personal data.
const SETTINGS: [(&str, &str); 9] = [
    ("listen_addresses", "127.0.0.1"),
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    // After a kill -9 the whole folder is flushed once; file by file that takes seconds.
    ("recovery_init_sync_method", "syncfs"),
    ("password_encryption", "scram-sha-256"),
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    ("log_parameter_max_length_on_error", "0"),
];

/// What a cluster should be.
#[derive(Clone)]
pub struct ClusterSpec {
    /// The folder that holds everything of it.
    pub directory: PathBuf,
    /// The loopback port.
    pub port: u16,
    /// The password of the role `postgres`; it counts when the cluster is made.
    pub superuser_password: String,
    /// More settings of `postgresql.conf`.
    pub settings: Vec<(String, String)>,
}

impl std::fmt::Debug for ClusterSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterSpec")
            .field("directory", &self.directory)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// A cluster whose files are in order.
#[derive(Debug, Clone)]
pub struct Cluster {
    spec: ClusterSpec,
    binaries: PostgresBinaries,
    owner: Option<SystemUser>,
    socket_directory: PathBuf,
}

impl Cluster {
    /// Makes the cluster, or takes the one that is there; a half-made one is made anew.
    pub fn prepare(mut spec: ClusterSpec) -> Result<Self, StackError> {
        let owner = SystemUser::instead_of_root()?;
        spec.directory = reachable_folder(&spec.directory, owner.as_ref())?;
        let socket_directory = socket_directory(&spec.directory);
        fs::create_dir_all(&socket_directory).during(|| format!("make {}", socket_directory.display()))?;
        give(&socket_directory, owner.as_ref())?;
        let cluster = Self { spec, binaries: PostgresBinaries::find()?, owner, socket_directory };
        cluster.initialise()?;
        Ok(cluster)
    }

    /// How to start its server.
    pub fn launch(&self, log: &Path) -> Launch {
        let mut launch = Launch::new("Postgres", self.binaries.program("postgres"))
            .argument("-D")
            .argument(self.data())
            .arguments(["-c".to_owned(), format!("port={}", self.spec.port)])
            .arguments(["-c".to_owned(), format!("unix_socket_directories={}", self.socket_directory.display())])
            .environment("LC_ALL", "C")
            .environment("TZ", "UTC")
            .directory(&self.spec.directory)
            .log_file(log)
            .ready(Ready::Postgres { lock: self.data().join("postmaster.pid"), port: self.spec.port })
            .stop_signal(StopSignal::Interrupt)
            .abandon_signal(StopSignal::Quit)
            .run_as(self.owner.clone());
        let own = self.spec.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in SETTINGS.into_iter().chain(own) {
            launch = launch.arguments(["-c".to_owned(), format!("{name}={value}")]);
        }
        launch
    }

    /// Removes what a killed server left: orphaned backends, and lock files that name nobody.
    ///
    /// Ends a server that still runs: call it only before a start.
    pub fn mend(&self) -> Result<(), StackError> {
        // A server process working in the data folder belongs to this cluster, whatever number a lock names. Backends
        // of a killed postmaster still write: they have to be gone before another one starts on the same files.
        for _ in 0..LEFTOVER_WAIT_STEPS {
            let leftovers = self.server_processes();
            if leftovers.is_empty() {
                break;
            }
            for pid in leftovers {
                process_table::send(pid, Signal::KILL);
            }
            thread::sleep(Duration::from_millis(20));
        }
        let socket_lock = format!(".s.PGSQL.{}.lock", self.spec.port);
        for lock in [self.data().join("postmaster.pid"), self.socket_directory.join(socket_lock)] {
            match fs::remove_file(&lock) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result.during(|| format!("remove the stale {}", lock.display()))?,
            }
        }
        Ok(())
    }

    /// Whether a server of this cluster runs, whoever started it.
    pub fn is_running(&self) -> bool {
        !self.server_processes().is_empty()
    }

    fn server_processes(&self) -> Vec<i32> {
        process_table::working_in(&self.data(), "postgres")
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.spec.port
    }

    /// Where the files are: elsewhere than asked for when the server's account cannot reach that folder.
    pub fn directory(&self) -> &Path {
        &self.spec.directory
    }

    /// Where the unix socket is.
    pub fn socket_directory(&self) -> &Path {
        &self.socket_directory
    }

    /// The server's programs.
    pub fn binaries(&self) -> &PostgresBinaries {
        &self.binaries
    }

    /// The address of database `postgres` for the superuser.
    pub fn admin_url(&self) -> String {
        self.url(SUPERUSER, &self.spec.superuser_password, "postgres")
    }

    /// The address of a database for a role.
    pub fn url(&self, role: &str, password: &str, database: &str) -> String {
        let plain = format!("postgres://127.0.0.1:{}/{database}", self.spec.port);
        let Ok(mut url) = Url::parse(&plain) else { return plain };
        let _always_possible_with_a_host = url.set_username(role).and_then(|()| url.set_password(Some(password)));
        url.into()
    }

    fn data(&self) -> PathBuf {
        self.spec.directory.join("data")
    }

    fn initialise(&self) -> Result<(), StackError> {
        let (data, marker) = (self.data(), self.spec.directory.join(MARKER));
        if marker.exists() && data.exists() {
            return Ok(());
        }
        if data.exists() {
            fs::remove_dir_all(&data).during(|| format!("remove the half-made cluster {}", data.display()))?;
        }
        let password_file = self.spec.directory.join("superuser-password");
        fs::write(&password_file, &self.spec.superuser_password)
            .and_then(|()| fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600)))
            .during(|| format!("write {}", password_file.display()))?;
        if let Some(user) = &self.owner {
            user.own(&password_file)?;
        }
        let result = self.run_initdb(&data, &password_file);
        fs::remove_file(&password_file).during(|| format!("remove {}", password_file.display()))?;
        result?;
        fs::write(&marker, "").during(|| format!("write {}", marker.display()))
    }

    fn run_initdb(&self, data: &Path, password_file: &Path) -> Result<(), StackError> {
        let command = Launch::new("initdb", self.binaries.program("initdb"))
            .argument("-D")
            .argument(data)
            .argument(format!("--pwfile={}", password_file.display()))
            .arguments(["-U", SUPERUSER, "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--no-locale"])
            .environment("LC_ALL", "C")
            .directory(&self.spec.directory)
            .run_as(self.owner.clone())
            .supervised_command()?;
        let output = spawner::run(command).during(|| "run initdb".to_owned())?;
        if output.status.success() {
            return Ok(());
        }
        Err(StackError::Command {
            command: "initdb".to_owned(),
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
