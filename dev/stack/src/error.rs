//! What can go wrong while starting, stopping or talking to a part of the stack.

use std::{io, path::PathBuf};

use thiserror::Error;

/// A failure of the embedded stack, in words for the person at the terminal.
#[derive(Debug, Error)]
pub enum StackError {
    /// A program or package is not installed.
    #[error("{what} is missing; {remedy}")]
    Missing {
        /// What is missing.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// The process ended before it was ready.
    #[error("{name} ended while starting ({status}); the last lines of {}:\n{tail}", log.display())]
    Ended {
        /// The service.
        name: String,
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The process lives but does not answer.
    #[error("{name} was not ready after {waited_seconds} s; the last lines of {}:\n{tail}", log.display())]
    NotReady {
        /// The service.
        name: String,
        /// How long it was given.
        waited_seconds: u64,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A command that should have done its work failed.
    #[error("{command} failed ({status}): {output}")]
    Command {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// Somebody else listens on a port that the stack needs.
    #[error("port {port} is in use{owner}; stop that program, or choose another port with {variable}")]
    PortTaken {
        /// The port.
        port: u16,
        /// `" by …"`, when the owner can be seen.
        owner: String,
        /// The environment variable that changes the port.
        variable: String,
    },
    /// The operating system refused.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A request to a part of the stack failed.
    #[error("cannot {action}")]
    Http {
        /// What was tried.
        action: String,
        /// Why it failed.
        #[source]
        source: reqwest::Error,
    },
    /// A part of the stack answered, but not as it should.
    #[error("{action}: {answer}")]
    Refused {
        /// What was tried.
        action: String,
        /// What came back.
        answer: String,
    },
}

/// Names what was tried when the operating system refuses.
pub(crate) trait During<T> {
    /// Turns the failure into a [`StackError::Io`].
    fn during(self, action: impl FnOnce() -> String) -> Result<T, StackError>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, action: impl FnOnce() -> String) -> Result<T, StackError> {
        self.map_err(|source| StackError::Io { action: action(), source })
    }
}

/// Names what was tried when a request fails.
pub(crate) trait Asking<T> {
    /// Turns the failure into a [`StackError::Http`].
    fn asking(self, action: impl FnOnce() -> String) -> Result<T, StackError>;
}

impl<T> Asking<T> for Result<T, reqwest::Error> {
    fn asking(self, action: impl FnOnce() -> String) -> Result<T, StackError> {
        self.map_err(|source| StackError::Http { action: action(), source })
    }
}
