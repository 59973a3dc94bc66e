//! The control plane of one process.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use kernel::{Clock, Entropy, OperationId, RequestId};
use keyring::Keyring;
use migration::tenant::MIGRATIONS;
use sea_orm::DatabaseConnection;
use tokio::{
    sync::{Notify, OnceCell, Semaphore},
    task::JoinError,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument as _;

use super::{
    ControlError, SpecRules,
    operation::{LogObserver, StepObserver},
};
use crate::{Database, hints::Hints, identity::KeySets};

/// What the control plane is made of.
#[derive(Debug)]
pub struct ControlPlaneParts {
    /// Connected as `tessera_control`; each operation at work needs two connections, and one more for its lease.
    pub database: Database,
    /// Where environments' keys are made.
    pub keyring: Keyring,
    /// Reaches issuers.
    pub key_sets: KeySets,
    /// Tells the API's processes what changed.
    pub hints: Hints,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// How it works.
#[derive(Clone, Debug)]
pub struct ControlPlaneConfig {
    /// The newest schema version that new environments get; none means the newest there is.
    pub schema_version_max: Option<String>,
    /// Whether an issuer on this machine may be reached without TLS.
    pub allow_http_issuers: bool,
    /// For how long an operation belongs to a process that does not renew. A killed process is replaced after this.
    pub lease: Duration,
    /// How many operations are worked on at once.
    pub operations_parallel: usize,
}

impl Default for ControlPlaneConfig {
    fn default() -> Self {
        Self {
            schema_version_max: None,
            allow_http_issuers: false,
            lease: Duration::from_secs(5),
            operations_parallel: 4,
        }
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("control.{key}: {reason}")]
pub struct ControlConfigError {
    /// The key in section `control`.
    pub key: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// A cheap handle: provisions tenants, brings schemas forward, looks after keys.
///
/// Every method that writes takes a [`super::StaffCall`]; whoever calls has decided that the caller may.
#[derive(Clone, Debug)]
pub struct ControlPlane(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: ControlPlaneParts,
    orm: DatabaseConnection,
    config: ControlPlaneConfig,
    observer: Arc<dyn StepObserver>,
    /// Names this process in leases.
    instance: String,
    slots: Semaphore,
    queued: Mutex<HashSet<OperationId>>,
    tracker: TaskTracker,
    stopping: CancellationToken,
    progress: Notify,
    server_version: OnceCell<u32>,
}

impl ControlPlane {
    /// Checks the settings; does no I/O.
    pub fn new(parts: ControlPlaneParts, config: ControlPlaneConfig) -> Result<Self, ControlConfigError> {
        Self::with_observer(parts, config, Arc::new(LogObserver))
    }

    /// The same, with somebody who is told of every step.
    pub fn with_observer(
        parts: ControlPlaneParts,
        config: ControlPlaneConfig,
        observer: Arc<dyn StepObserver>,
    ) -> Result<Self, ControlConfigError> {
        if let Some(version) = &config.schema_version_max
            && !MIGRATIONS.iter().any(|migration| migration.version == version)
        {
            let reason = format!("`{version}` is no version of an environment's schema");
            return Err(ControlConfigError { key: "schema_version_max", reason });
        }
        let orm = parts.database.orm();
        let instance = RequestId::generate(&*parts.clock, &*parts.entropy).encoded();
        let slots = Semaphore::new(config.operations_parallel.max(1));
        Ok(Self(Arc::new(Inner {
            parts,
            orm,
            config,
            observer,
            instance,
            slots,
            queued: Mutex::new(HashSet::new()),
            tracker: TaskTracker::new(),
            stopping: CancellationToken::new(),
            progress: Notify::new(),
            server_version: OnceCell::new(),
        })))
    }

    /// Goes on with what was left unfinished, now and whenever another process's lease expires. Call it once, after
    /// [`crate::bootstrap::migrate_platform`].
    pub fn start(&self) {
        self.0.tracker.spawn(self.clone().take_over());
    }

    /// Lets every operation end the step it is at, gives the leases back, and waits for that.
    pub async fn drain(&self) {
        self.0.stopping.cancel();
        self.0.tracker.close();
        self.0.tracker.wait().await;
    }

    /// Runs what must not be cut in the middle when a client hangs up; [`Self::drain`] waits for it.
    pub async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        self.0.tracker.spawn(work.in_current_span()).await
    }

    /// The database, for readiness.
    pub fn database(&self) -> &Database {
        &self.0.parts.database
    }

    pub(super) fn orm(&self) -> &DatabaseConnection {
        &self.0.orm
    }

    pub(super) fn keyring(&self) -> &Keyring {
        &self.0.parts.keyring
    }

    pub(super) fn key_sets(&self) -> &KeySets {
        &self.0.parts.key_sets
    }

    pub(super) fn hints(&self) -> &Hints {
        &self.0.parts.hints
    }

    /// Time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }

    /// Chance.
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.0.parts.entropy
    }

    pub(super) fn config(&self) -> &ControlPlaneConfig {
        &self.0.config
    }

    pub(super) fn rules(&self) -> SpecRules {
        SpecRules { allow_http_issuers: self.0.config.allow_http_issuers }
    }

    pub(super) fn observer(&self) -> &dyn StepObserver {
        &*self.0.observer
    }

    pub(super) fn instance(&self) -> &str {
        &self.0.instance
    }

    pub(super) fn slots(&self) -> &Semaphore {
        &self.0.slots
    }

    pub(super) fn queued(&self) -> &Mutex<HashSet<OperationId>> {
        &self.0.queued
    }

    pub(super) fn tracker(&self) -> &TaskTracker {
        &self.0.tracker
    }

    pub(super) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Wakes whoever waits for an operation.
    pub(super) fn announce_progress(&self) {
        self.0.progress.notify_waiters();
    }

    pub(super) fn progress(&self) -> &Notify {
        &self.0.progress
    }

    /// `server_version_num`, asked once.
    pub(super) async fn server_version(&self) -> Result<u32, ControlError> {
        let ask = || async {
            let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
                .fetch_one(self.database().pool())
                .await?;
            Ok::<u32, ControlError>(u32::try_from(version).unwrap_or(0))
        };
        self.0.server_version.get_or_try_init(ask).await.copied()
    }
}
