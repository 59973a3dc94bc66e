//! The table of figures.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

/// Figures in the order measured, each beside its bar where there is one.
pub(crate) struct Report {
    table: Table,
}

impl Report {
    pub(crate) fn new() -> Self {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN).set_header(["what", "median", "p99", "bar", ""]);
        for column in 1..=3 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { table }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        println!("measuring: {text}");
        self.table.add_row([text, "", "", "", ""]);
    }

    /// A figure with a bar on its median.
    pub(crate) fn bounded(&mut self, what: &str, samples: &mut Samples, bar: Duration) {
        let holds = if samples.median() <= bar { "holds" } else { "SHORT" };
        self.add(what, samples, &show(bar), holds);
    }

    /// A figure to know.
    pub(crate) fn plain(&mut self, what: &str, samples: &mut Samples) {
        self.add(what, samples, "", "");
    }

    /// A figure that is not a time.
    pub(crate) fn text(&mut self, what: &str, value: &str) {
        self.table.add_row([&format!("  {what}"), value, "", "", ""]);
    }

    pub(crate) fn print(&self) {
        println!("\n{}", self.table);
    }

    fn add(&mut self, what: &str, samples: &mut Samples, bar: &str, verdict: &str) {
        let (median, p99) = (show(samples.median()), show(samples.percentile(99)));
        self.table.add_row([&format!("  {what}"), &median, &p99, bar, verdict]);
    }
}

/// Times of one thing.
#[derive(Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    pub(crate) fn median(&mut self) -> Duration {
        self.percentile(50)
    }

    pub(crate) fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        let index = self.0.len().saturating_sub(1) * percent / 100;
        self.0.get(index).copied().unwrap_or_default()
    }
}

fn show(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{}.{:02} µs", nanoseconds / 1_000, nanoseconds % 1_000 / 10),
        _ => format!("{}.{:02} ms", nanoseconds / 1_000_000, nanoseconds % 1_000_000 / 10_000),
    }
}
