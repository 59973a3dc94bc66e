//! Which runs to do, where not all are wanted.

use std::env;

/// Names the runs, by parts of the lines that tell of them, such as `tessera, uniform, 256;pgbench`.
const ONLY: &str = "TESSERA_BENCH_ONLY";

/// Whether a run is wanted. Without a choice, all are.
pub(crate) fn is_chosen(subject: &str, load: &str, in_flight: usize) -> bool {
    let Ok(only) = env::var(ONLY) else { return true };
    let run = format!("{subject}, {load}, {in_flight} in flight");
    only.split(';').any(|part| run.contains(part.trim()))
}
