//! Snapshots are never older than the bound, are swapped whole, and are missing rather than wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use kernel::{EnvironmentId, FixedClock, RuleId, SeededEntropy};
use policies::{
    Attributes, CreateWallet, ListTenants, ListWallets, Policies, PolicyBounds, PolicyRows, PolicySource, Refusal,
    RetrieveWallet, RuleRow, SourceError, Subject,
};
use serde_json::json;
use tokio::time::{advance, sleep};

/// A table in memory, with a switch for failure and one for never answering.
#[derive(Default)]
struct Table {
    rows: Mutex<PolicyRows>,
    fails: AtomicBool,
    hangs: AtomicBool,
    delay_ms: AtomicU64,
    revisions_read: AtomicU64,
    rows_read: AtomicU64,
}

impl Table {
    /// The role `cashier` with these actions on wallets, as of a new revision.
    fn write(&self, actions: &[&str]) {
        let (clock, entropy) = (FixedClock::new(1_790_000_000), SeededEntropy::new(5));
        let mut rows = self.rows.lock().unwrap();
        rows.revision += 1;
        rows.roles = vec!["cashier".to_owned()];
        rows.rules = actions
            .iter()
            .map(|action| RuleRow {
                id: RuleId::generate(&clock, &entropy),
                role: "cashier".to_owned(),
                object: "wallet".to_owned(),
                action: (*action).to_owned(),
                conditions: json!({}),
            })
            .collect();
    }

    async fn pause(&self) -> Result<(), SourceError> {
        sleep(Duration::from_millis(self.delay_ms.load(Ordering::SeqCst))).await;
        if self.hangs.load(Ordering::SeqCst) {
            sleep(Duration::from_hours(1)).await;
        }
        if self.fails.load(Ordering::SeqCst) { Err(SourceError::new("the database is away")) } else { Ok(()) }
    }
}

struct Source(Arc<Table>);

#[async_trait]
impl PolicySource for Source {
    async fn revision(&self, _: EnvironmentId) -> Result<i64, SourceError> {
        self.0.revisions_read.fetch_add(1, Ordering::SeqCst);
        self.0.pause().await?;
        Ok(self.0.rows.lock().unwrap().revision)
    }

    async fn rows(&self, _: EnvironmentId) -> Result<PolicyRows, SourceError> {
        self.0.rows_read.fetch_add(1, Ordering::SeqCst);
        self.0.pause().await?;
        Ok(self.0.rows.lock().unwrap().clone())
    }
}

fn here() -> EnvironmentId {
    EnvironmentId::generate(&FixedClock::new(1_790_000_000), &SeededEntropy::new(1))
}

fn set_up() -> (Arc<Table>, Policies) {
    let table = Arc::new(Table::default());
    table.write(&["create", "list"]);
    (Arc::clone(&table), Policies::new(Arc::new(Source(table)), PolicyBounds::default()))
}

async fn may_create(policies: &Policies) -> Result<(), Refusal> {
    let cashier = Subject::tenant(here(), "cashier");
    policies.permit::<CreateWallet>(&cashier, &Attributes::unknown()).await.map(|_| ())
}

#[tokio::test(start_paused = true)]
async fn a_right_taken_away_is_refused_within_a_second() {
    let (table, policies) = set_up();
    may_create(&policies).await.unwrap();
    table.write(&["list"]);
    may_create(&policies).await.unwrap();
    advance(Duration::from_secs(1)).await;
    assert_eq!(may_create(&policies).await.unwrap_err().code(), "no_rule");
}

#[tokio::test(start_paused = true)]
async fn a_removed_role_is_refused_within_a_second() {
    let (table, policies) = set_up();
    may_create(&policies).await.unwrap();
    *table.rows.lock().unwrap() = PolicyRows { revision: 9, ..PolicyRows::default() };
    advance(Duration::from_secs(1)).await;
    assert_eq!(may_create(&policies).await.unwrap_err().code(), "unknown_role");
}

#[tokio::test(start_paused = true)]
async fn a_hint_is_in_force_at_once() {
    let (table, policies) = set_up();
    may_create(&policies).await.unwrap();
    table.write(&[]);
    policies.invalidate(here());
    assert_eq!(may_create(&policies).await.unwrap_err().code(), "no_rule");
    table.write(&["create"]);
    policies.invalidate_all();
    may_create(&policies).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hint_in_the_middle_of_a_load_is_not_lost() {
    let (table, policies) = set_up();
    may_create(&policies).await.unwrap();
    table.delay_ms.store(50, Ordering::SeqCst);
    policies.invalidate(here());
    let asked = {
        let policies = policies.clone();
        tokio::spawn(async move { may_create(&policies).await })
    };
    sleep(Duration::from_millis(10)).await;
    // The load has begun; what it reads may be from before the change.
    policies.invalidate(here());
    asked.await.unwrap().unwrap();
    let before = table.revisions_read.load(Ordering::SeqCst);
    may_create(&policies).await.unwrap();
    assert_eq!(table.revisions_read.load(Ordering::SeqCst), before + 1);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_revision_is_looked_at_but_not_read_again() {
    let (table, policies) = set_up();
    for _ in 0..100 {
        may_create(&policies).await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(table.rows_read.load(Ordering::SeqCst), 1);
    let looks = table.revisions_read.load(Ordering::SeqCst);
    assert!((9..=20).contains(&looks), "{looks} looks at the revision in ten seconds");
}

#[tokio::test(start_paused = true)]
async fn an_ageing_snapshot_serves_while_one_load_runs_aside() {
    let (table, policies) = set_up();
    may_create(&policies).await.unwrap();
    table.delay_ms.store(200, Ordering::SeqCst);
    table.write(&["list"]);
    advance(Duration::from_millis(600)).await;
    for _ in 0..50 {
        may_create(&policies).await.unwrap();
    }
    sleep(Duration::from_millis(401)).await;
    assert_eq!(may_create(&policies).await.unwrap_err().code(), "no_rule");
    assert_eq!(table.rows_read.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn failing_to_refresh_serves_up_to_the_bound_and_refuses_after() {
    let (table, policies) = set_up();
    may_create(&policies).await.unwrap();
    table.fails.store(true, Ordering::SeqCst);
    advance(Duration::from_millis(999)).await;
    may_create(&policies).await.unwrap();
    advance(Duration::from_millis(101)).await;
    let refusal = may_create(&policies).await.unwrap_err();
    assert!(refusal.is_unavailable(), "{refusal}");
    table.fails.store(false, Ordering::SeqCst);
    advance(Duration::from_millis(100)).await;
    may_create(&policies).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_repeated_by_everyone_who_waits() {
    let (table, policies) = set_up();
    table.fails.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        assert!(may_create(&policies).await.unwrap_err().is_unavailable());
    }
    assert_eq!(table.rows_read.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_answers_means_refused() {
    let (table, policies) = set_up();
    table.hangs.store(true, Ordering::SeqCst);
    assert!(may_create(&policies).await.unwrap_err().is_unavailable());
}

#[tokio::test(start_paused = true)]
async fn rows_that_make_no_snapshot_mean_refused_never_the_built_in_roles_alone() {
    let (table, policies) = set_up();
    table.rows.lock().unwrap().rules[0].role = "owner".to_owned();
    let owner = Subject::tenant(here(), "owner");
    let refusal = policies.permit::<CreateWallet>(&owner, &Attributes::unknown()).await.unwrap_err();
    assert!(refusal.is_unavailable(), "{refusal}");
}

#[tokio::test(start_paused = true)]
async fn many_first_questions_load_once() {
    let (table, policies) = set_up();
    table.delay_ms.store(20, Ordering::SeqCst);
    let asked = (0..200).map(|_| {
        let policies = policies.clone();
        tokio::spawn(async move { may_create(&policies).await })
    });
    for answer in asked.collect::<Vec<_>>() {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(table.rows_read.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_does_not_stop_the_load() {
    let (table, policies) = set_up();
    table.delay_ms.store(50, Ordering::SeqCst);
    let impatient = tokio::time::timeout(Duration::from_millis(10), may_create(&policies)).await;
    assert!(impatient.is_err());
    sleep(Duration::from_millis(100)).await;
    may_create(&policies).await.unwrap();
    assert_eq!(table.rows_read.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn staff_are_decided_without_reading_a_row() {
    let (table, policies) = set_up();
    table.fails.store(true, Ordering::SeqCst);
    let staff = Subject::staff("staff_admin");
    assert!(policies.permit::<ListTenants>(&staff, &Attributes::unknown()).await.is_ok());
}

/// The role always holds both rights or neither: a snapshot that mixes two revisions would show.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_whole_revisions_while_a_writer_changes_them() {
    let (table, policies) = set_up();
    table.write(&["create", "list", "retrieve"]);
    let done = Arc::new(AtomicBool::new(false));
    let readers = (0..6).map(|_| {
        let (policies, done) = (policies.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let (cashier, none) = (Subject::tenant(here(), "cashier"), Attributes::unknown());
            let mut seen = [0_u64; 2];
            while !done.load(Ordering::SeqCst) {
                let snapshot = policies.snapshot(here()).await.unwrap();
                let create = snapshot.permit::<CreateWallet>(&cashier, &none).is_ok();
                tokio::task::yield_now().await;
                let list = snapshot.permit::<ListWallets>(&cashier, &none).is_ok();
                let retrieve = snapshot.permit::<RetrieveWallet>(&cashier, &none).is_ok();
                assert!(create == list && list == retrieve, "a mixed snapshot at revision {}", snapshot.revision());
                seen[usize::from(create)] += 1;
            }
            seen
        })
    });
    let readers = readers.collect::<Vec<_>>();
    for turn in 0..300 {
        let actions: &[&str] = if turn % 2 == 0 { &[] } else { &["create", "list", "retrieve"] };
        table.write(actions);
        policies.invalidate(here());
        sleep(Duration::from_millis(1)).await;
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        let seen = reader.await.unwrap();
        assert!(seen[0] > 0 && seen[1] > 0, "a reader saw only one side: {seen:?}");
    }
}
