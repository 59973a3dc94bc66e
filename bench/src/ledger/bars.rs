//! What the engine promises, as ratios of figures of the same run.

use load::Figures;

use super::{ENGINE, cala, engine, pgbench, results::Results, tigerbeetle};
use crate::report::{Bar, Ratios};

/// Where throughput is compared.
const MANY_IN_FLIGHT: usize = 256;

/// Compares what was measured; a bar whose figures were not measured is left out.
pub(crate) fn compare(results: &Results) -> Ratios {
    let mut ratios = Ratios::new();
    let ours = |load: &str, in_flight: usize| results.single(ENGINE, load, in_flight);
    let uniform = ours("uniform", MANY_IN_FLIGHT);
    let hot = ours("hot", MANY_IN_FLIGHT);

    let mut rates = |what: &str, ours: Option<&Figures>, theirs: Option<&Figures>, bar: Bar| {
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            ratios.add(what, (&rate(ours), &rate(theirs)), ours.transfers_per_second, theirs.transfers_per_second, bar);
        }
    };
    rates("uniform ÷ pgbench, best", uniform, results.best_single(pgbench::NAME, "uniform"), Bar::AtLeast(500));
    // With one client nobody meets at the hot account, so both are told: the best of all, and the best of several.
    rates("hot ÷ pgbench hot, best", hot, results.best_single(pgbench::NAME, "hot"), Bar::AtLeast(1_500));
    let contended = results.best_contended(pgbench::NAME, "hot");
    rates("hot ÷ pgbench hot, best of several clients", hot, contended, Bar::AtLeast(1_500));
    rates("uniform ÷ cala-ledger, best mode", uniform, results.best(cala::NAME, "uniform"), Bar::AtLeast(500));
    rates("hot ÷ cala-ledger hot, best mode", hot, results.best(cala::NAME, "hot"), Bar::None);
    rates(
        "bulk ÷ cala-ledger in batches",
        results.best_bulk(ENGINE, "uniform"),
        results.best_bulk(cala::NAME, "uniform"),
        Bar::None,
    );
    rates("hot ÷ uniform", hot, uniform, Bar::AtLeast(100));
    rates("100 tenants ÷ one", ours("100 tenants", MANY_IN_FLIGHT), uniform, Bar::AtLeast(70));
    let old = results.single(engine::OLD, "uniform", MANY_IN_FLIGHT);
    rates("uniform on 5 million entries ÷ on none", old, uniform, Bar::AtLeast(85));
    for (in_flight, bar) in
        [(1, Bar::None), (8, Bar::None), (64, Bar::AtLeast(50)), (256, Bar::None), (1_000, Bar::AtLeast(25))]
    {
        let what = format!("uniform ÷ TigerBeetle, {in_flight} in flight");
        rates(&what, ours("uniform", in_flight), results.single(tigerbeetle::NAME, "uniform", in_flight), bar);
    }
    if let (Some(ours), Some(theirs)) = (ours("uniform", 1), results.single(pgbench::NAME, "uniform", 1)) {
        let (ours, theirs) = (ours.latency.p50_us, theirs.latency.p50_us);
        let shown = |microseconds: u64| format!("{microseconds} µs");
        let what = "p50 of the lone caller ÷ pgbench's";
        ratios.add(what, (&shown(ours), &shown(theirs)), ours, theirs, Bar::AtMost(150));
    }
    ratios
}

fn rate(figures: &Figures) -> String {
    format!("{}/s", figures.transfers_per_second)
}
