//! Load for a ledger: which accounts a transfer touches, a closed loop that keeps so many in flight, and what it cost.
//!
//! It knows no database driver, so that peers with other versions of one are measured by the same code.

mod chance;
mod closed_loop;
mod cost;
mod distribution;
mod figures;
mod plan;
mod server;

pub use closed_loop::{Shape, Subject, run};
pub use cost::{COST_SQL, Cost, Probe};
pub use distribution::{Distribution, Pairs};
pub use figures::{CostPerTransfer, Figures, Latencies, Latency};
pub use plan::{PATIENCE_PER_RUN, Plan, SEED};
pub use server::{ServerProcesses, cpu_time_of, parent_of};
