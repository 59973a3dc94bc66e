//! Rows remembered for a moment.

use std::{borrow::Borrow, fmt, future::Future, hash::Hash, sync::Arc};

use kernel::Clock;
use moka::future::Cache;
use time::{Duration, OffsetDateTime};

use super::is_within;

/// A bounded cache in front of a read. What is absent is remembered like what is there.
///
/// Concurrent questions for one key share one read. The age of an entry counts from before its read began.
#[derive(Clone)]
pub(crate) struct ReadThrough<K, V> {
    entries: Cache<K, Stamped<V>>,
    ttl: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Stamped<V> {
    value: V,
    asked_at: OffsetDateTime,
}

impl<K, V> ReadThrough<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(entries_max: u64, ttl: std::time::Duration, clock: Arc<dyn Clock>) -> Self {
        // The cache's own time to live frees memory by the machine's clock; ours decides what is still served.
        let entries = Cache::builder().max_capacity(entries_max).time_to_live(ttl).build();
        Self { entries, ttl: Duration::try_from(ttl).unwrap_or(Duration::ZERO), clock }
    }

    /// The entry, if it is young enough.
    pub(crate) async fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entry = self.entries.get(key).await?;
        is_within(self.clock.now(), entry.asked_at, self.ttl).then_some(entry.value)
    }

    /// The entry, or what `read` answers. A failed read is told to everybody who waits and is not remembered.
    pub(crate) async fn get_or_read<E, R, F>(&self, key: K, read: R) -> Result<V, Arc<E>>
    where
        E: Send + Sync + 'static,
        R: FnOnce() -> F,
        F: Future<Output = Result<V, E>>,
    {
        if let Some(value) = self.get(&key).await {
            return Ok(value);
        }
        self.entries.invalidate(&key).await;
        let asked_at = self.clock.now();
        // Reads are large futures; on the heap they do not swell those of the requests that find an entry.
        let entry = async { Box::pin(read()).await.map(|value| Stamped { value, asked_at }) };
        self.entries.try_get_with(key, entry).await.map(|entry| entry.value)
    }

    /// Drops everything.
    pub(crate) fn forget_all(&self) {
        self.entries.invalidate_all();
    }
}

impl<K, V> fmt::Debug for ReadThrough<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ReadThrough").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicU32, Ordering},
    };

    use kernel::FixedClock;

    use super::*;

    fn cache(clock: &Arc<FixedClock>) -> ReadThrough<u8, u32> {
        let clock: Arc<dyn Clock> = clock.clone();
        ReadThrough::new(2, std::time::Duration::from_secs(5), clock)
    }

    #[tokio::test]
    async fn entries_age_by_the_clock_and_reads_are_shared() {
        let clock = Arc::new(FixedClock::new(1_000));
        let cache = cache(&clock);
        let reads = AtomicU32::new(0);
        let read = || async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(reads.fetch_add(1, Ordering::SeqCst))
        };
        let answers = futures::future::join_all((0..20).map(|_| cache.get_or_read(7, read))).await;
        assert!(answers.into_iter().all(|answer| answer == Ok(0)));
        clock.advance(4);
        assert_eq!(cache.get_or_read(7, read).await, Ok(0));
        clock.advance(1);
        assert_eq!(cache.get_or_read(7, read).await, Ok(1));
        cache.forget_all();
        assert_eq!(cache.get_or_read(7, read).await, Ok(2));
    }

    #[tokio::test]
    async fn a_failed_read_is_not_remembered() {
        let clock = Arc::new(FixedClock::new(1_000));
        let cache = cache(&clock);
        assert_eq!(*cache.get_or_read(1, || async { Err::<u32, _>("away") }).await.unwrap_err(), "away");
        assert_eq!(cache.get_or_read(1, || async { Ok::<_, &str>(9) }).await, Ok(9));
    }

    #[tokio::test]
    async fn the_number_of_entries_is_bounded() {
        let clock = Arc::new(FixedClock::new(1_000));
        let cache = cache(&clock);
        for key in 0..100 {
            let _ = cache.get_or_read(key, || async { Ok::<_, Infallible>(0) }).await;
        }
        cache.entries.run_pending_tasks().await;
        assert!(cache.entries.entry_count() <= 2);
    }
}
