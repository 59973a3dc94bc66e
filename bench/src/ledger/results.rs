//! All runs of one bench: printed as they come, looked up for the bars.

use load::Figures;

use crate::report;

#[derive(Default)]
pub(crate) struct Results(Vec<Figures>);

impl Results {
    /// Keeps a run, and says what it gave.
    pub(crate) fn add(&mut self, figures: Figures) {
        println!(
            "  {}, {}, {} in flight, {} a call: {}/s, p50 {} µs, p99 {} µs",
            figures.subject,
            figures.load,
            figures.in_flight,
            figures.per_call,
            figures.transfers_per_second,
            figures.latency.p50_us,
            figures.latency.p99_us,
        );
        self.0.push(figures);
    }

    /// One transfer a call, so many calls at once.
    pub(crate) fn single(&self, subject: &str, load: &str, in_flight: usize) -> Option<&Figures> {
        self.of(subject, load).find(|figures| figures.per_call == 1 && figures.in_flight == in_flight)
    }

    /// The fastest run with one transfer a call.
    pub(crate) fn best_single(&self, subject: &str, load: &str) -> Option<&Figures> {
        self.of(subject, load)
            .filter(|figures| figures.per_call == 1)
            .max_by_key(|figures| figures.transfers_per_second)
    }

    /// The same with more than one caller, so that they can meet.
    pub(crate) fn best_contended(&self, subject: &str, load: &str) -> Option<&Figures> {
        self.of(subject, load)
            .filter(|figures| figures.per_call == 1 && figures.in_flight > 1)
            .max_by_key(|figures| figures.transfers_per_second)
    }

    /// The fastest run of all, whatever a call carried.
    pub(crate) fn best(&self, subject: &str, load: &str) -> Option<&Figures> {
        self.of(subject, load).max_by_key(|figures| figures.transfers_per_second)
    }

    /// The fastest run with many transfers a call.
    pub(crate) fn best_bulk(&self, subject: &str, load: &str) -> Option<&Figures> {
        self.of(subject, load).filter(|figures| figures.per_call > 1).max_by_key(|figures| figures.transfers_per_second)
    }

    /// Two tables that never mix: one transfer a call, and many.
    pub(crate) fn print(&self) {
        let (single, bulk): (Vec<&Figures>, Vec<&Figures>) = self.0.iter().partition(|figures| figures.per_call == 1);
        println!("\nOne transfer a call; processor time and bytes are for each transfer:\n\n{}", report::runs(&single));
        if !bulk.is_empty() {
            println!("\nMany transfers a call:\n\n{}", report::runs(&bulk));
        }
    }

    fn of(&self, subject: &str, load: &str) -> impl Iterator<Item = &Figures> {
        self.0.iter().filter(move |figures| figures.subject == subject && figures.load == load)
    }
}
