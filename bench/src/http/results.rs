//! All runs, printed as they come and in the end beside their bars.

use std::time::Duration;

use load::Figures;

use super::probe::Spent;
use crate::report::{Bar, Ratios, show, table};

/// Where the bars are.
const CONNECTIONS: usize = 64;
const REQUESTS_PER_SECOND: u64 = 3_000;
const TRANSFER_P99_US: u64 = 60_000;

#[derive(Default)]
pub(crate) struct Results(Vec<(Figures, Spent)>);

impl Results {
    /// Keeps a run, and says what it gave.
    pub(crate) fn add(&mut self, figures: Figures, spent: Spent) {
        let (p50, p99) = (figures.latency.p50_us, figures.latency.p99_us);
        let Figures { subject, in_flight, transfers_per_second, .. } = &figures;
        println!("  {subject}, {in_flight} connections: {transfers_per_second}/s, p50 {p50} µs, p99 {p99} µs");
        self.0.push((figures, spent));
    }

    pub(crate) fn print(&self) {
        let header = [
            "request",
            "connections",
            "requests/s",
            "p50",
            "p95",
            "p99",
            "api CPU",
            "Postgres CPU",
            "Redis CPU",
            "load CPU",
            "WAL bytes",
            "a commit",
        ];
        let mut runs = table(&header, 1..header.len());
        for (figures, spent) in &self.0 {
            runs.add_row(row(figures, *spent));
        }
        println!("\nProcessor time and bytes are for each request:\n\n{runs}");
        self.bars().print();
    }

    fn bars(&self) -> Ratios {
        let mut bars = Ratios::new();
        for (figures, _) in self.0.iter().filter(|(figures, _)| figures.in_flight == CONNECTIONS) {
            let rate = figures.transfers_per_second;
            let shown = (format!("{rate}/s"), format!("{REQUESTS_PER_SECOND}/s"));
            let what = format!("{} at {CONNECTIONS} connections ÷ bar", figures.subject);
            bars.add(&what, (&shown.0, &shown.1), rate, REQUESTS_PER_SECOND, Bar::AtLeast(100));
            if figures.subject.starts_with("POST") {
                let p99 = figures.latency.p99_us;
                let shown = (time(p99), time(TRANSFER_P99_US));
                bars.add("its p99 ÷ bar", (&shown.0, &shown.1), p99, TRANSFER_P99_US, Bar::AtMost(100));
            }
        }
        bars
    }
}

fn row(figures: &Figures, spent: Spent) -> Vec<String> {
    let writes = figures.subject.starts_with("POST");
    let cost = figures.cost;
    let postgres = cost.map(|cost| format!("{} µs", cost.server_cpu_us));
    let wal = cost.filter(|_| writes).map(|cost| cost.wal_bytes.to_string());
    let batch = cost.and_then(|cost| cost.per_commit).map(|requests| requests.to_string());
    vec![
        figures.subject.clone(),
        figures.in_flight.to_string(),
        figures.transfers_per_second.to_string(),
        time(figures.latency.p50_us),
        time(figures.latency.p95_us),
        time(figures.latency.p99_us),
        format!("{} µs", spent.api),
        postgres.unwrap_or_default(),
        format!("{} µs", spent.redis),
        format!("{} µs", spent.load),
        wal.unwrap_or_default(),
        batch.unwrap_or_default(),
    ]
}

fn time(microseconds: u64) -> String {
    show(Duration::from_micros(microseconds))
}
