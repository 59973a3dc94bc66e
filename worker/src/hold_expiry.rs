//! Releases holds whose time is over.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use kernel::{Clock, Entropy, RequestId, WalletHoldId};
use ledger::{Engine, EngineError};
use payments::{
    KeyAccess,
    desk::{Answered, Ask, Rendered, WalletDesk, WalletOrder},
};
use policies::{Action as _, ExpireWalletHold, Permit};
use sqlx::PgConnection;
use tenancy::{
    Environment, TenantTx, UnitsOfWork,
    idempotency::{Fingerprint, IdempotencyKey},
};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::{
    drive::WorkerParts,
    job::{Job, JobActor, JobError},
};

/// Its one role.
const ROLE: &str = "system_hold_expiry";
/// Most holds of one turn; they are posted as one batch. More are the next turn's, which comes at once.
const HOLDS_MAX: u16 = 1_000;
/// What the order's answer is stored as: 200, or 409 for a refusal.
const STATUSES: (u16, u16) = (200, 409);

/// The job.
#[derive(Debug)]
pub(crate) struct HoldExpiry {
    actor: JobActor,
    units: UnitsOfWork,
    engine: Engine<WalletDesk>,
    interval: Duration,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// When to look again.
#[derive(Debug)]
pub(crate) struct Looked {
    next_at: OffsetDateTime,
}

impl Job for HoldExpiry {
    type Outcome = Looked;
    const NAME: &'static str = "hold_expiry";
    const LEASED_MAX: u16 = 64;
    const PARALLEL: usize = 4;

    /// Looks at the head of the index of holds that expire. Only ids and times are read before the policies are asked.
    async fn run(&self, environment: &Arc<Environment>, _: &CancellationToken) -> Result<Option<Looked>, JobError> {
        let now = self.clock.now();
        let look = |tx: TenantTx| async move {
            let holds = ledger::holds_by_expiry(&tx, HOLDS_MAX).await?;
            Ok::<_, JobError>(tx.commit(holds).await.map_err(tenancy::UnitError::from)?)
        };
        let holds = self.units.run(Arc::clone(environment), look).await?;
        let due = holds.iter().take_while(|(_, expires_at)| *expires_at <= now);
        let due: Vec<_> = due.map(|(hold, _)| WalletHoldId::from_uuid(hold.as_uuid())).collect();
        let mut released = 0;
        if !due.is_empty() {
            let permit = self.actor.permit::<ExpireWalletHold>(environment, &*self.clock).await?;
            released = self.expire(environment, &permit, &due).await?;
        }
        let next_at = match holds.get(due.len()) {
            Some((_, expires_at)) => (*expires_at).min(now.saturating_add(self.pause())),
            None if due.len() == usize::from(HOLDS_MAX) && released > 0 => now,
            None => now.saturating_add(self.pause()),
        };
        Ok(Some(Looked { next_at }))
    }

    fn due_at(&self, outcome: &Looked) -> OffsetDateTime {
        outcome.next_at
    }

    async fn record(&self, _: &mut PgConnection, _: &Environment, _: &Looked) -> Result<(), sqlx::Error> {
        // The holds tell what became of them, and so do their events and audit records.
        Ok(())
    }
}

impl HoldExpiry {
    pub(crate) fn new(parts: &WorkerParts, interval: Duration) -> Self {
        Self {
            actor: JobActor::new(Self::NAME, ROLE, parts.policies.clone()),
            units: parts.units.clone(),
            engine: parts.engine.clone(),
            interval,
            clock: Arc::clone(&parts.clock),
            entropy: Arc::clone(&parts.entropy),
        }
    }

    fn pause(&self) -> time::Duration {
        time::Duration::try_from(self.interval).unwrap_or(time::Duration::MAX)
    }

    /// Has the engine post all of them together, and answers how many it released; each is an order of its own, so that one refusal stops no other.
    async fn expire(
        &self,
        environment: &Arc<Environment>,
        permit: &Permit<ExpireWalletHold>,
        due: &[WalletHoldId],
    ) -> Result<usize, JobError> {
        let request = RequestId::generate(&*self.clock, &*self.entropy);
        let mut orders = Vec::with_capacity(due.len());
        for hold in due {
            orders.push(self.engine.submit(environment, self.order(environment, permit, request, *hold)?));
        }
        let answers = join_all(orders).await;
        let (mut released, mut failed) = (0_usize, None);
        for (hold, answer) in due.iter().zip(answers) {
            match said(environment, *hold, answer) {
                Ok(was_released) => released = released.saturating_add(usize::from(was_released)),
                Err(error) => failed = Some(error),
            }
        }
        let (tenant, id) = (&environment.slug, environment.id);
        tracing::info!(job = Self::NAME, %tenant, environment = %id, %request, due = due.len(), released, "expired holds released");
        failed.map_or(Ok(released), |error| Err(error.into()))
    }

    /// The key holds for a day: whatever becomes of this process, the hold is released once, and a refusal is written
    /// down once a day.
    fn order(
        &self,
        environment: &Environment,
        permit: &Permit<ExpireWalletHold>,
        request: RequestId,
        hold: WalletHoldId,
    ) -> Result<WalletOrder, JobError> {
        let what = format!("{hold}/{}", self.clock.now().date());
        Ok(WalletOrder {
            actor: Arc::clone(self.actor.actor()),
            request,
            action: ExpireWalletHold::NAME_IN_AUDIT,
            rule: permit.rule().to_string(),
            reach: permit.reach_in(environment.id)?,
            key: IdempotencyKey::of_job(Self::NAME, &what),
            fingerprint: Fingerprint::of(&[Self::NAME.as_bytes(), what.as_bytes()]),
            keys: KeyAccess::not_fetched(),
            asks: vec![Ask::Expire { hold }],
            render: |outcome| {
                let status = if outcome.is_ok() { STATUSES.0 } else { STATUSES.1 };
                Rendered { status, body: "{}".to_owned() }
            },
        })
    }
}

/// Whether the hold was released now.
fn said(
    environment: &Environment,
    hold: WalletHoldId,
    answer: Result<Answered, EngineError>,
) -> Result<bool, EngineError> {
    let id = environment.id;
    let answer = match answer {
        // The hold's own fault, most likely an account that keeps back less than the hold: the audit tells.
        Err(error @ (EngineError::Failed(_) | EngineError::Damaged(_))) => {
            tracing::error!(job = HoldExpiry::NAME, environment = %id, %hold, %error, cause = ?error, "an expired hold was not released");
            return Ok(false);
        }
        other => other?,
    };
    match answer {
        Answered::Now { outcome: Ok(_), .. } => return Ok(true),
        Answered::Now { outcome: Err(declined), .. } => {
            let refusal = payments::Refusal::code(&declined.refusal);
            // Captured or released between the look and now is no trouble; anything else is.
            tracing::warn!(job = HoldExpiry::NAME, environment = %id, %hold, refusal, "an expired hold was not released");
        }
        Answered::Before(answer) if answer.status == STATUSES.0 => {}
        Answered::Before(_) => tracing::debug!(environment = %id, %hold, "refused before"),
        Answered::OtherRequest | Answered::InProgress | Answered::Failed(_) => {
            tracing::error!(job = HoldExpiry::NAME, environment = %id, %hold, "the key of an expired hold is taken");
        }
    }
    Ok(false)
}
