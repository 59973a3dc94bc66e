//! The tables of figures.

use std::{ops::Range, time::Duration};

use comfy_table::{CellAlignment, Table, presets};
use load::Figures;

/// Figures in the order measured, each beside its bar where there is one.
pub(crate) struct Report {
    table: Table,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { table: table(&["what", "median", "p99", "bar", ""], 1..4) }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        println!("measuring: {text}");
        self.table.add_row([text, "", "", "", ""]);
    }

    /// A figure with a bar on its median.
    pub(crate) fn bounded(&mut self, what: &str, samples: &mut Samples, bar: Duration) {
        let holds = samples.median() <= bar;
        self.add(what, samples, &show(bar), verdict(holds));
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

/// Runs against ledgers, each a row.
pub(crate) fn runs(runs: &[&Figures]) -> Table {
    let header = [
        "ledger",
        "load",
        "in flight",
        "a call",
        "transfers/s",
        "p50",
        "p95",
        "p99",
        "server CPU",
        "WAL bytes",
        "bytes",
        "HOT updates",
        "a commit",
    ];
    let mut table = table(&header, 2..header.len());
    for run in runs {
        let time = |microseconds| show(Duration::from_micros(microseconds));
        let cost = run.cost.map(|cost| {
            let batch = cost.per_commit.map(|transfers| transfers.to_string()).unwrap_or_default();
            let hot = cost.hot_percent.map(|percent| format!("{percent} %")).unwrap_or_default();
            [
                format!("{} µs", cost.server_cpu_us),
                cost.wal_bytes.to_string(),
                cost.database_bytes.to_string(),
                hot,
                batch,
            ]
        });
        let mut row = vec![
            run.subject.clone(),
            run.load.clone(),
            run.in_flight.to_string(),
            run.per_call.to_string(),
            run.transfers_per_second.to_string(),
            time(run.latency.p50_us),
            time(run.latency.p95_us),
            time(run.latency.p99_us),
        ];
        row.extend(cost.unwrap_or_default());
        table.add_row(row);
    }
    table
}

/// What a ratio has to be, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bar {
    /// No more than to know it.
    None,
    /// Ours is to be so many times theirs.
    AtLeast(u64),
    /// Ours may be so many times theirs.
    AtMost(u64),
}

/// Figures of ours beside those of others, with the factor.
pub(crate) struct Ratios {
    table: Table,
    is_empty: bool,
}

impl Ratios {
    pub(crate) fn new() -> Self {
        Self { table: table(&["ratio", "ours", "theirs", "factor", "bar", ""], 1..5), is_empty: true }
    }

    /// Compares two figures; how they are shown comes first.
    pub(crate) fn add(&mut self, what: &str, shown: (&str, &str), ours: u64, theirs: u64, bar: Bar) {
        let factor = ours.saturating_mul(100).checked_div(theirs).unwrap_or(u64::MAX);
        let (limit, verdict) = match bar {
            Bar::None => (String::new(), ""),
            Bar::AtLeast(least) => (format!("≥ {}", hundredths(least)), verdict(factor >= least)),
            Bar::AtMost(most) => (format!("≤ {}", hundredths(most)), verdict(factor <= most)),
        };
        self.table.add_row([what, shown.0, shown.1, &hundredths(factor), &limit, verdict]);
        self.is_empty = false;
    }

    pub(crate) fn print(&self) {
        if !self.is_empty {
            println!("\nRatios:\n\n{}", self.table);
        }
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

pub(crate) fn show(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{}.{:02} µs", nanoseconds / 1_000, nanoseconds % 1_000 / 10),
        _ => format!("{}.{:02} ms", nanoseconds / 1_000_000, nanoseconds % 1_000_000 / 10_000),
    }
}

fn hundredths(value: u64) -> String {
    format!("{}.{:02} ×", value / 100, value % 100)
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "SHORT" }
}

/// A Markdown table with some columns of numbers.
pub(crate) fn table(header: &[&str], numbers: Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
