//! How one server is started: its command, its account, its log, and how to know that it is ready.

use std::{
    env,
    ffi::OsString,
    fmt,
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;

use crate::{
    error::{During, StackError},
    ready::Ready,
    system_user::SystemUser,
};

/// How long a server may take to become ready, unless it says otherwise.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A signal that ends a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// Ends in its own time.
    Terminate,
    /// For Postgres: disconnects everybody and shuts down in order.
    Interrupt,
    /// For Postgres: stops at once and recovers at the next start.
    Quit,
    /// Ends on the spot, with nothing tidied up.
    Kill,
}

impl StopSignal {
    pub(crate) fn number(self) -> Signal {
        match self {
            Self::Terminate => Signal::TERM,
            Self::Interrupt => Signal::INT,
            Self::Quit => Signal::QUIT,
            Self::Kill => Signal::KILL,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
        }
    }
}

/// A server to start.
#[derive(Clone)]
pub struct Launch {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) directory: Option<PathBuf>,
    pub(crate) run_as: Option<SystemUser>,
    pub(crate) log: PathBuf,
    /// What else, besides the command itself, makes a running server out of date when it changes.
    pub(crate) depends_on: String,
    pub(crate) ready: Option<Ready>,
    pub(crate) ready_within: Duration,
    pub(crate) stop_signal: StopSignal,
    /// What the server gets when whoever holds it goes away without stopping it.
    pub(crate) abandon_signal: StopSignal,
}

// Values of the environment hold passwords.
impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launch")
            .field("name", &self.name)
            .field("program", &self.program)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

impl Launch {
    /// A server called `name` in messages. Without a log file its output goes nowhere.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            run_as: None,
            log: PathBuf::from("/dev/null"),
            depends_on: String::new(),
            ready: None,
            ready_within: READY_WITHIN,
            stop_signal: StopSignal::Terminate,
            abandon_signal: StopSignal::Kill,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the server's environment.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The folder to start in.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Where standard output and standard error go, at the end of what is there already.
    #[must_use]
    pub fn log_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = path.into();
        self
    }

    /// Something that the command does not show, such as the digest of a file that it reads: a server that was started
    /// with another one is out of date.
    #[must_use]
    pub fn depends_on(mut self, digest: impl Into<String>) -> Self {
        self.depends_on = digest.into();
        self
    }

    /// How to know that it serves; without one it counts as ready once it is started.
    #[must_use]
    pub fn ready(mut self, ready: Ready) -> Self {
        self.ready = Some(ready);
        self
    }

    /// How long it may take to become ready.
    #[must_use]
    pub fn ready_within(mut self, limit: Duration) -> Self {
        self.ready_within = limit;
        self
    }

    /// The signal that stops it in order.
    #[must_use]
    pub fn stop_signal(mut self, signal: StopSignal) -> Self {
        self.stop_signal = signal;
        self
    }

    /// The signal it gets when it is left behind.
    #[must_use]
    pub fn abandon_signal(mut self, signal: StopSignal) -> Self {
        self.abandon_signal = signal;
        self
    }

    pub(crate) fn run_as(mut self, user: Option<SystemUser>) -> Self {
        self.run_as = user;
        self
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bare command, for something that runs to its end.
    pub fn plain_command(&self) -> Result<Command, StackError> {
        self.complete(Command::new(&self.program))
    }

    /// A command that dies with this process, even if this process is killed.
    pub(crate) fn supervised_command(&self) -> Result<Command, StackError> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", self.abandon_signal.name()]);
        self.add_account(&mut command);
        command.arg("--").arg(&self.program);
        self.complete(command)
    }

    /// A command that lives on when this process ends: a session of its own, with a mark to find it by.
    pub(crate) fn detached_command(&self, mark: (&str, &str)) -> Result<Command, StackError> {
        let mut command = Command::new("setsid");
        command.env(mark.0, mark.1);
        if self.run_as.is_some() {
            command.arg("setpriv");
            self.add_account(&mut command);
            command.arg("--");
        }
        command.arg(&self.program);
        self.complete(command)
    }

    fn add_account(&self, command: &mut Command) {
        if let Some(user) = &self.run_as {
            command.arg(format!("--reuid={}", user.uid)).arg(format!("--regid={}", user.gid)).arg("--init-groups");
        }
    }

    fn complete(&self, mut command: Command) -> Result<Command, StackError> {
        // Settings of the person's own shell must not reach into the stack.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TESSERA_") || name.starts_with("PG")) {
                command.env_remove(&name);
            }
        }
        let log = open_log(&self.log)?;
        let for_errors = log.try_clone().during(|| format!("share the log {}", self.log.display()))?;
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(log).stderr(for_errors);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        Ok(command)
    }
}

fn open_log(path: &Path) -> Result<File, StackError> {
    let action = || format!("open the log {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).during(action)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).during(action)
}
