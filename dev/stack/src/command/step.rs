//! One line per step, with the time it took.

use std::time::Instant;

use stack::Outcome;

use super::screen::line;

/// A step that has begun.
pub(crate) struct Step {
    command: &'static str,
    name: String,
    began: Instant,
}

impl Step {
    /// Begins a step of `command`.
    pub(crate) fn begin(command: &'static str, name: impl Into<String>) -> Self {
        Self { command, name: name.into(), began: Instant::now() }
    }

    /// Prints how it ended.
    pub(crate) fn end(self, result: &str, detail: &str) {
        let elapsed = self.began.elapsed();
        let time = format!("{}.{:02} s", elapsed.as_secs(), elapsed.subsec_millis() / 10);
        line(format!("{}: {:<20} {result:<10} {time:>8}  {detail}", self.command, self.name).trim_end());
    }
}

/// An outcome in a word.
pub(crate) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unchanged => "unchanged",
        Outcome::Started => "started",
        Outcome::Restarted => "restarted",
    }
}
