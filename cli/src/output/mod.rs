//! What the process prints: data on stdout in the format that was asked for, everything else on stderr.

mod document;
mod format;
mod table;

use std::{
    fmt::{Display, Write as _},
    io::{self, IsTerminal as _, Write as _},
};

use serde_json::Value;

use crate::{exit_code::ExitCode, failure::Failure};

pub(crate) use document::Document;
pub(crate) use format::{ColourChoice, Format};
pub(crate) use table::{Table, Tone, cell, detail_table, moment, text_of, word};

/// The two streams and how to write on them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    colour_stdout: bool,
    colour_stderr: bool,
    quiet: bool,
}

impl Output {
    /// Decides colours from the choice, the environment and the terminals.
    pub(crate) fn new(format: Format, colour: ColourChoice, quiet: bool) -> Self {
        Self {
            format,
            colour_stdout: colour.allows(io::stdout().is_terminal()),
            colour_stderr: colour.allows(io::stderr().is_terminal()),
            quiet,
        }
    }

    /// The format on stdout.
    pub(crate) const fn format(self) -> Format {
        self.format
    }

    /// Whether progress and notes are unwanted.
    pub(crate) const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Prints a result; answers how the process ends.
    pub(crate) fn print(self, document: &Document) -> ExitCode {
        let text = match self.format {
            Format::Table => document.human(self.colour_stdout),
            Format::Json => pretty(document.value()),
            Format::Yaml => yaml(document.value()),
            Format::Ndjson => lines_of(document.items()),
            Format::Name => lines_of(document.names()),
        };
        if let Some(failure) = document.failure() {
            self.say_failure(failure);
        }
        if document.is_aside() && !self.format.is_structured() {
            self.note(text.trim_end());
            return document.exit();
        }
        write_stdout(&text, document.exit())
    }

    /// Prints why the command failed; answers how the process ends.
    pub(crate) fn fail(self, failure: &Failure) -> ExitCode {
        self.say_failure(failure);
        let text = match self.format {
            Format::Table | Format::Name => return failure.exit,
            Format::Json => pretty(&failure.document()),
            Format::Yaml => yaml(&failure.document()),
            Format::Ndjson => lines_of(&[failure.document()]),
        };
        write_stdout(&text, failure.exit)
    }

    /// Something worth knowing that is not data.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Something the person must see, `--quiet` or not: a warning, a code to type, a question.
    pub(crate) fn tell(text: &str) {
        say(text);
    }

    /// One line of data at once, before the command ends; only `ndjson` has room for it.
    pub(crate) fn event(self, value: &Value) {
        if self.format == Format::Ndjson {
            write_stdout(&lines_of(std::slice::from_ref(value)), ExitCode::Success);
        }
    }

    /// Text that is data whatever the format: a completion script, a manual page, a key file.
    pub(crate) fn raw(text: &str) -> ExitCode {
        write_stdout(text, ExitCode::Success)
    }

    fn say_failure(self, failure: &Failure) {
        // A terminal that already shows the document does not need the same words twice.
        if self.format.is_structured() && io::stdout().is_terminal() {
            return;
        }
        let label = if self.colour_stderr { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
        say(&format!("{label} {}", failure.lines().join("\n")));
    }
}

fn say(text: &str) {
    // A closed stderr leaves nowhere to complain.
    let _ignored = writeln!(io::stderr().lock(), "{text}");
}

fn write_stdout(text: &str, exit: ExitCode) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => exit,
        // The reader has what it wanted (`… | head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        Err(error) => {
            say(&format!("error: cannot write to stdout: {error}"));
            ExitCode::Failure
        }
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn yaml(value: &Value) -> String {
    serde_yaml_ng::to_string(value).unwrap_or_else(|error| format!("# cannot be shown as YAML: {error}\n"))
}

/// Each on a line of its own.
fn lines_of<T: Display>(values: &[T]) -> String {
    values.iter().fold(String::new(), |mut text, value| {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "{value}");
        text
    })
}
