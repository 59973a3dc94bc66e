//! Showing an operation's progress on stderr: a bar on a terminal, otherwise one line per step.

use std::{
    collections::HashSet,
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    failure::Failure,
    operation::{Operation, Progress, Step},
    output::Output,
};

const SPINNER_TICK: Duration = Duration::from_millis(120);
const BAR_TEMPLATE: &str = "{spinner} {prefix} [{bar:30}] {pos}/{len} {elapsed} {wide_msg}";

/// What is shown of one operation while it runs.
pub(super) struct Display {
    output: Output,
    bar: Option<ProgressBar>,
    shown: HashSet<i64>,
    outage_told: bool,
}

impl Display {
    pub(super) fn new(output: Output) -> Self {
        let bar = (!output.is_quiet() && io::stderr().is_terminal()).then(bar);
        Self { output, bar, shown: HashSet::new(), outage_told: false }
    }

    /// Brings the display up to date.
    pub(super) fn show(&mut self, operation: &Operation) {
        self.outage_told = false;
        let total = operation.progress().total;
        for step in operation.steps().iter().filter(|step| step.outcome.is_some()) {
            if self.shown.insert(step.sequence) && self.bar.is_none() {
                let number = u64::try_from(self.shown.len()).unwrap_or(u64::MAX);
                self.output.note(&line(step, operation, number, total.max(number)));
            }
        }
        if let Some(bar) = &self.bar {
            let Progress { done, total, failed } = operation.progress();
            bar.set_length(total);
            bar.set_position(done.saturating_add(failed));
            bar.set_prefix(operation.kind().to_owned());
            bar.set_message(summary(operation));
        }
    }

    /// Says once that the server does not answer.
    pub(super) fn outage(&mut self, failure: &Failure) {
        if !self.outage_told {
            self.outage_told = true;
            self.tell(&format!("{}; still trying", failure.message));
        }
    }

    /// Clears the bar; an operation over many tenants leaves its sums.
    pub(super) fn finish(&mut self, operation: &Operation) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if operation.is_over_many() {
            self.output.note(&summary(operation));
        }
    }

    fn tell(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.note(text)),
            None => self.output.note(text),
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    // A template that does not parse only costs looks.
    if let Ok(style) = ProgressStyle::with_template(BAR_TEMPLATE) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(SPINNER_TICK);
    bar
}

/// `tenant=acme mode=live step=schema 3/14 ok 240ms`
fn line(step: &Step, operation: &Operation, number: u64, total: u64) -> String {
    let mut words = Vec::new();
    if let Some(tenant) = step.tenant.as_deref().or_else(|| operation.tenant()) {
        words.push(format!("tenant={tenant}"));
    }
    if let Some(mode) = &step.mode {
        words.push(format!("mode={mode}"));
    }
    words.push(format!("step={} {number}/{total}", step.name));
    words.push(match step.outcome.as_deref() {
        Some("done") | None => "ok".to_owned(),
        Some(outcome) => outcome.to_owned(),
    });
    words.extend(step.duration_ms.map(shown_duration));
    if step.outcome.as_deref() == Some("failed") {
        words.extend(step.detail.as_ref().map(|detail| format!("({detail})")));
    }
    words.join(" ")
}

/// `done 38, failed 1, remaining 1, slowest acme 3.1s`
fn summary(operation: &Operation) -> String {
    let progress = operation.progress();
    let mut text = format!("done {}, failed {}, remaining {}", progress.done, progress.failed, progress.remaining());
    if let Some(slowest) = operation.results().into_iter().max_by_key(|result| result.duration_ms) {
        text = format!("{text}, slowest {} {}", slowest.tenant, shown_duration(slowest.duration_ms));
    }
    text
}

/// `240ms`, `3.1s`, `2m 5s`.
pub(crate) fn shown_duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match milliseconds {
        0..1_000 => format!("{milliseconds}ms"),
        1_000..60_000 => format!("{seconds}.{}s", (milliseconds % 1_000) / 100),
        _ => format!("{}m {}s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let shown: Vec<_> = [7, 999, 1_000, 3_149, 59_999, 125_000].into_iter().map(shown_duration).collect();
        assert_eq!(shown, ["7ms", "999ms", "1.0s", "3.1s", "59.9s", "2m 5s"]);
    }
}
