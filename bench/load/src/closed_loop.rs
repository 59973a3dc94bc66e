//! The closed loop: so many callers, each with one call under way, all the time.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    cost::Probe,
    distribution::{Distribution, Pairs},
    figures::{CostPerTransfer, Figures, Latencies, per_second},
    plan::{PATIENCE_PER_RUN, Plan, SEED},
};

/// Callers share this many histograms, so that neither memory nor a lock grows with their number.
const HISTOGRAMS: usize = 16;

/// A ledger under test. Accounts go by their number, from 0.
pub trait Subject: Send + Sync + 'static {
    /// What the tables call it.
    fn name(&self) -> &'static str;

    /// Moves one unit; returns once it is durable. A refusal is an error: no load here may be refused.
    fn transfer(&self, debit: usize, credit: usize) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Moves one unit for each pair of (debit, credit) in one call.
    fn transfer_all(&self, pairs: Vec<(usize, usize)>) -> impl Future<Output = anyhow::Result<()>> + Send {
        async move { Err(anyhow::anyhow!("{} was asked for {} transfers in one call", self.name(), pairs.len())) }
    }
}

/// What one run looks like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// How transfers are spread over accounts.
    pub load: Distribution,
    /// How many callers there are.
    pub in_flight: usize,
    /// How many transfers a call carries: 1 takes `transfer`, more take `transfer_all`.
    pub per_call: usize,
    /// How long it lasts.
    pub plan: Plan,
}

struct Shared {
    stopped: AtomicBool,
    measuring: AtomicBool,
    acknowledged: AtomicU64,
    histograms: Vec<Mutex<Latencies>>,
}

/// Runs the load against the subject, and compares the rows with what was acknowledged.
pub async fn run<S: Subject, P: Probe>(subject: &Arc<S>, probe: &P, shape: &Shape) -> anyhow::Result<Figures> {
    let rows_before = probe.rows().await?;
    probe.checkpoint().await?;
    let histograms = (0..HISTOGRAMS).map(|_| Latencies::try_new().map(Mutex::new)).collect::<Result<_, _>>()?;
    let shared = Arc::new(Shared {
        stopped: AtomicBool::new(false),
        measuring: AtomicBool::new(false),
        acknowledged: AtomicU64::new(0),
        histograms,
    });
    let mut callers = start_callers(subject, &shared, shape);

    all_work_for(&mut callers, shape.plan.warm_up).await?;
    let cost_before = probe.cost().await?;
    let acknowledged_before = shared.acknowledged.load(Ordering::SeqCst);
    let began = Instant::now();
    shared.measuring.store(true, Ordering::SeqCst);
    if shape.plan.has_checkpoint() {
        let half = shape.plan.measured / 2;
        all_work_for(&mut callers, half).await?;
        probe.checkpoint().await?;
    }
    all_work_for(&mut callers, shape.plan.measured.saturating_sub(began.elapsed())).await?;
    let elapsed = began.elapsed();
    let transfers = shared.acknowledged.load(Ordering::SeqCst) - acknowledged_before;
    shared.measuring.store(false, Ordering::SeqCst);
    let cost = probe.cost().await?.since(&cost_before);

    shared.stopped.store(true, Ordering::SeqCst);
    let stopped = tokio::time::timeout(PATIENCE_PER_RUN, async {
        while let Some(ended) = callers.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    });
    stopped.await.with_context(|| format!("calls of {} never ended", subject.name()))??;
    let acknowledged = shared.acknowledged.load(Ordering::SeqCst);
    let rows = probe.rows().await?.saturating_sub(rows_before);
    anyhow::ensure!(rows == acknowledged, "{}: {acknowledged} acknowledged, {rows} in the database", subject.name());

    let mut latencies = Latencies::try_new()?;
    for part in &shared.histograms {
        latencies.add(&part.lock().unwrap_or_else(PoisonError::into_inner))?;
    }
    Ok(Figures {
        subject: subject.name().to_owned(),
        load: shape.load.to_string(),
        in_flight: shape.in_flight,
        per_call: shape.per_call,
        transfers_per_second: per_second(transfers, elapsed),
        latency: latencies.summary(),
        cost: Some(CostPerTransfer::new(&cost, transfers)),
        acknowledged,
    })
}

fn start_callers<S: Subject>(subject: &Arc<S>, shared: &Arc<Shared>, shape: &Shape) -> JoinSet<anyhow::Result<()>> {
    let pairs = shape.load.pairs(SEED);
    let mut callers = JoinSet::new();
    for (number, seed) in (0..shape.in_flight).zip(SEED..) {
        // Neighbouring seeds give unrelated sequences: the generator mixes them well.
        let pairs = pairs.reseeded(seed.wrapping_mul(0x9E37_79B9));
        callers.spawn(call_again_and_again(Arc::clone(subject), Arc::clone(shared), pairs, number, shape.per_call));
    }
    callers
}

async fn call_again_and_again<S: Subject>(
    subject: Arc<S>,
    shared: Arc<Shared>,
    mut pairs: Pairs,
    number: usize,
    per_call: usize,
) -> anyhow::Result<()> {
    let transfers = u64::try_from(per_call)?;
    while !shared.stopped.load(Ordering::Relaxed) {
        let called = Instant::now();
        if per_call == 1 {
            let (debit, credit) = pairs.draw();
            subject.transfer(debit, credit).await?;
        } else {
            subject.transfer_all((0..per_call).map(|_| pairs.draw()).collect()).await?;
        }
        let latency = called.elapsed();
        shared.acknowledged.fetch_add(transfers, Ordering::SeqCst);
        if shared.measuring.load(Ordering::Relaxed)
            && let Some(histogram) = shared.histograms.get(number % HISTOGRAMS)
        {
            histogram.lock().unwrap_or_else(PoisonError::into_inner).record(latency);
        }
    }
    Ok(())
}

/// Lets time pass; a caller that ends meanwhile has failed.
async fn all_work_for(callers: &mut JoinSet<anyhow::Result<()>>, time: Duration) -> anyhow::Result<()> {
    tokio::select! {
        () = sleep(time) => Ok(()),
        Some(ended) = callers.join_next() => {
            ended??;
            Err(anyhow::anyhow!("a caller stopped too early"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Cost;

    /// A ledger that loses every so-many-th transfer.
    struct Sieve {
        rows: AtomicU64,
        calls: AtomicU64,
        lost_every: u64,
    }

    impl Sieve {
        fn new(lost_every: u64) -> Arc<Self> {
            Arc::new(Self { rows: AtomicU64::new(0), calls: AtomicU64::new(0), lost_every })
        }
    }

    impl Subject for Sieve {
        fn name(&self) -> &'static str {
            "sieve"
        }

        async fn transfer(&self, debit: usize, credit: usize) -> anyhow::Result<()> {
            anyhow::ensure!(debit != credit);
            sleep(Duration::from_millis(1)).await;
            if !self.calls.fetch_add(1, Ordering::SeqCst).is_multiple_of(self.lost_every) {
                self.rows.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        }
    }

    impl Probe for Arc<Sieve> {
        async fn cost(&self) -> anyhow::Result<Cost> {
            Ok(Cost::default())
        }

        async fn rows(&self) -> anyhow::Result<u64> {
            Ok(self.rows.load(Ordering::SeqCst))
        }

        async fn checkpoint(&self) -> anyhow::Result<()> {
            Ok(())
        }
    }

    fn shape(per_call: usize) -> Shape {
        let plan = Plan { warm_up: Duration::from_millis(20), measured: Duration::from_millis(100) };
        Shape { load: Distribution::Two, in_flight: 4, per_call, plan }
    }

    #[tokio::test]
    async fn counts_what_was_acknowledged() {
        let sieve = Sieve::new(u64::MAX);
        // The very first call is a multiple of anything.
        sieve.calls.store(1, Ordering::SeqCst);
        let figures = run(&sieve, &sieve, &shape(1)).await.unwrap();
        assert_eq!(figures.acknowledged, sieve.rows.load(Ordering::SeqCst));
        assert!((100..=4_000).contains(&figures.transfers_per_second), "{figures:?}");
        assert!(figures.latency.p50_us >= 1_000, "{figures:?}");
    }

    #[tokio::test]
    async fn a_run_that_lost_a_transfer_is_void() {
        let sieve = Sieve::new(10);
        let error = run(&sieve, &sieve, &shape(1)).await.unwrap_err().to_string();
        assert!(error.contains("acknowledged"), "{error}");
    }

    #[tokio::test]
    async fn a_failed_call_ends_the_run() {
        let sieve = Sieve::new(10);
        let error = run(&sieve, &sieve, &shape(2)).await.unwrap_err().to_string();
        assert!(error.contains("2 transfers in one call"), "{error}");
    }
}
