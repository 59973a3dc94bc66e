//! What the process says with its exit code. The numbers are a contract with scripts.

/// Every exit code of the staff commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Success, also when nothing had to change.
    Success,
    /// Any failure without a code of its own.
    Failure,
    /// The command line is wrong.
    Usage,
    /// What was named does not exist.
    NotFound,
    /// Not signed in, or not allowed.
    NotPermitted,
    /// Somebody else's state is in the way.
    Conflict,
    /// Some tenants failed.
    Partial,
    /// The wait ended before the operation did.
    Timeout,
    /// Ctrl-C.
    Interrupted,
    /// `plan --detailed-exitcode` found changes.
    ChangesPending,
}

impl ExitCode {
    /// The codes of the general table, in its order; `plan --detailed-exitcode` has a table of its own.
    pub(crate) const GENERAL: [Self; 9] = [
        Self::Success,
        Self::Failure,
        Self::Usage,
        Self::NotFound,
        Self::NotPermitted,
        Self::Conflict,
        Self::Partial,
        Self::Timeout,
        Self::Interrupted,
    ];

    /// The number the process ends with.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage | Self::ChangesPending => 2,
            Self::NotFound => 3,
            Self::NotPermitted => 4,
            Self::Conflict => 5,
            Self::Partial => 6,
            Self::Timeout => 7,
            Self::Interrupted => 130,
        }
    }

    /// One word for programs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::NotPermitted => "not_permitted",
            Self::Conflict => "conflict",
            Self::Partial => "partial",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::ChangesPending => "changes_pending",
        }
    }

    /// One line for people.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success, also when nothing had to change",
            Self::Failure => "failure",
            Self::Usage => {
                "usage error: unknown flag, missing argument, unreadable file, a prompt needed without a TTY"
            }
            Self::NotFound => "not found",
            Self::NotPermitted => "not authenticated or not permitted",
            Self::Conflict => "conflict: other spec, stale plan, operation already running",
            Self::Partial => "partial: some tenants failed, details per tenant in the output",
            Self::Timeout => "timeout: the operation continues on the server, its id is printed",
            Self::Interrupted => "interrupted: the operation continues on the server",
            Self::ChangesPending => "changes pending (only with `plan --detailed-exitcode`)",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}
