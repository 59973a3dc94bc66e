//! Why a command did not do what was asked: one shape for people and for programs.

use std::ops::{Deref, DerefMut};

use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::exit_code::ExitCode;

/// A failed command: its exit code and what the `error` object says.
#[derive(Clone, Debug, Error)]
#[error("{}", .0.message)]
pub(crate) struct Failure(Box<Details>);

/// What is known about a failure.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    /// How the process ends.
    pub(crate) exit: ExitCode,
    /// The API's code, or one of the CLI's own.
    pub(crate) code: String,
    /// One sentence for the person.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: Option<String>,
    /// The tenant it is about.
    pub(crate) tenant: Option<String>,
    /// The server's name for the request.
    pub(crate) request_id: Option<String>,
    /// The field or flag at fault.
    pub(crate) parameter: Option<String>,
    /// The operation that goes on, or failed.
    pub(crate) operation_id: Option<String>,
}

impl Deref for Failure {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Failure {
    /// A failure with nothing but its code and message.
    pub(crate) fn new(exit: ExitCode, code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            exit,
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            tenant: None,
            request_id: None,
            parameter: None,
            operation_id: None,
        }))
    }

    /// The command line, or a file it names, is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, "usage", message)
    }

    /// Something on this machine does not work.
    pub(crate) fn local(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Failure, "local_failure", message)
    }

    /// Nobody is signed in.
    pub(crate) fn not_signed_in(message: impl Into<String>) -> Self {
        Self::new(ExitCode::NotPermitted, "not_authenticated", message).hint("sign in with `tessera auth login`")
    }

    /// Ctrl-C arrived; `operation_id` is what was being followed.
    pub(crate) fn interrupted(operation_id: Option<String>, request_id: Option<String>) -> Self {
        let interrupted = |message: &str| Self::new(ExitCode::Interrupted, "interrupted", message);
        match (operation_id, request_id) {
            (Some(id), _) => interrupted(&format!("stopped following {id}; it continues on the server"))
                .operation(&id)
                .hint(format!("follow it again with `tessera operation wait {id}`")),
            (None, Some(key)) => interrupted("interrupted; the request may have reached the server")
                .hint(format!("repeating the command with `--request-id {key}` is safe")),
            (None, None) => interrupted("interrupted"),
        }
    }

    /// Replaces the code.
    pub(crate) fn code(mut self, code: &str) -> Self {
        code.clone_into(&mut self.code);
        self
    }

    /// Adds what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the tenant unless the server already did.
    pub(crate) fn for_tenant(mut self, slug: &str) -> Self {
        self.tenant.get_or_insert_with(|| slug.to_owned());
        self
    }

    /// Names the request, if the server named it.
    pub(crate) fn request(mut self, id: Option<String>) -> Self {
        self.request_id = id.or(self.0.request_id.take());
        self
    }

    /// Ends the process with another code.
    pub(crate) fn exiting(mut self, exit: ExitCode) -> Self {
        self.exit = exit;
        self
    }

    /// Names the flag at fault.
    pub(crate) fn parameter(mut self, name: &str) -> Self {
        self.parameter = Some(name.to_owned());
        self
    }

    /// Names the operation it is about.
    pub(crate) fn operation(mut self, id: &str) -> Self {
        self.operation_id = Some(id.to_owned());
        self
    }

    /// The value of `error`: five fields always, the rest where they say something.
    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("code".to_owned(), json!(self.code));
        body.insert("message".to_owned(), json!(self.message));
        body.insert("hint".to_owned(), json!(self.hint));
        body.insert("tenant".to_owned(), json!(self.tenant));
        body.insert("request_id".to_owned(), json!(self.request_id));
        for (name, value) in [("param", &self.parameter), ("operation_id", &self.operation_id)] {
            if let Some(text) = value {
                body.insert(name.to_owned(), json!(text));
            }
        }
        Value::Object(body)
    }

    /// The whole document that structured formats print.
    pub(crate) fn document(&self) -> Value {
        json!({ "error": self.body() })
    }

    /// The lines for a person, the first without the word `error`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let details = [
            ("code", Some(&self.code)),
            ("field", self.parameter.as_ref()),
            ("tenant", self.tenant.as_ref()),
            ("operation", self.operation_id.as_ref()),
            ("request", self.request_id.as_ref()),
            ("hint", self.hint.as_ref()),
        ];
        let mut lines = vec![self.message.clone()];
        lines.extend(details.into_iter().filter_map(|(name, value)| value.map(|text| format!("  {name}: {text}"))));
        lines
    }
}
