//! How far the import is: a bar on a terminal, otherwise a line every now and then.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

const TICK: Duration = Duration::from_millis(120);
const TEMPLATE: &str = "{spinner} {prefix} [{bar:30}] {pos}/{len} {per_sec} {elapsed}";
/// Lines a step has where there is no bar.
const LINES_OF_A_STEP: u64 = 10;

/// Shows the steps of the import, one after the other.
#[derive(Debug)]
pub(super) struct Progress {
    teller: Teller,
    has_bar: bool,
    step: &'static str,
    done: u64,
    total: u64,
    told: u64,
}

/// Says something without spoiling the bar.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    output: Output,
    bar: ProgressBar,
}

impl Teller {
    /// Says it, unless `--quiet`.
    pub(super) fn tell(&self, text: &str) {
        self.bar.suspend(|| self.output.note(text));
    }
}

impl Progress {
    /// Nothing is shown yet.
    pub(super) fn new(output: Output) -> Self {
        let has_bar = !output.is_quiet() && io::stderr().is_terminal();
        let bar = if has_bar { bar() } else { ProgressBar::hidden() };
        Self { teller: Teller { output, bar }, has_bar, step: "", done: 0, total: 0, told: 0 }
    }

    /// A way to say something in between.
    pub(super) fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Begins a step of so many parts.
    pub(super) fn begin(&mut self, step: &'static str, total: usize) {
        (self.step, self.done, self.told) = (step, 0, 0);
        self.total = u64::try_from(total).unwrap_or(u64::MAX);
        let bar = &self.teller.bar;
        bar.reset();
        bar.set_length(self.total);
        bar.set_prefix(step);
    }

    /// So many more parts are done.
    pub(super) fn advance(&mut self, parts: usize) {
        self.done = self.done.saturating_add(u64::try_from(parts).unwrap_or(u64::MAX));
        self.teller.bar.set_position(self.done);
        let due = self.told.saturating_add((self.total / LINES_OF_A_STEP).max(1));
        if !self.has_bar && (self.done >= due || self.done == self.total) {
            self.told = self.done;
            self.teller.output.note(&format!("step={} {}/{}", self.step, self.done, self.total));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.teller.bar.finish_and_clear();
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    // A template that does not parse only costs looks.
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(TICK);
    bar
}
