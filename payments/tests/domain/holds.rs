//! Holds whose time is over, as the worker's job ends them.

use std::sync::Arc;

use kernel::{RequestId, SystemEntropy, WalletHoldId};
use ledger::{EngineError, rules::HoldState};
use payments::{
    desk::{Answered, Ask, Object, Rendered, WalletOrder},
    wallet_hold::{self, WalletHold, WalletHoldDraft},
};
use policies::{Action as _, CreateWalletHold, ExpireWalletHold, Permit, ReleaseWalletHold};
use tenancy::{
    Actor,
    idempotency::{Fingerprint, IdempotencyKey},
};
use time::Duration;

use super::world::{World, amount, api_key, eur};

const JOB: &str = "hold_expiry";

fn job() -> Actor {
    Actor::System { job: JOB, role: "system_hold_expiry" }
}

impl World {
    /// Keeps 40 of 100 back for a minute.
    async fn expiring_hold(&self) -> WalletHold {
        let (source, destination) = (self.wallet(None, 100).await.id, self.wallet(None, 0).await.id);
        let draft = WalletHoldDraft {
            source,
            destination,
            amount: amount(40),
            currency: eur(),
            expires_at: Some(kernel::Clock::now(self.clock.as_ref()) + Duration::MINUTE),
            metadata: [].into(),
        };
        let ask = wallet_hold::prepare(draft, self.clock.as_ref(), &SystemEntropy);
        match self.order(&api_key("owner"), CreateWalletHold::NAME_IN_AUDIT, vec![ask]).await.unwrap().remove(0) {
            Object::NewHold(hold) => hold,
            other => panic!("{other:?}"),
        }
    }

    /// What the job orders, under its key of this day.
    async fn expire(&self, hold: WalletHoldId) -> Result<Answered, EngineError> {
        let permit: Permit<ExpireWalletHold> = self.permit(&job());
        let order = WalletOrder {
            actor: Arc::new(job()),
            request: RequestId::generate(self.clock.as_ref(), &SystemEntropy),
            action: ExpireWalletHold::NAME_IN_AUDIT,
            rule: permit.rule().to_string(),
            reach: permit.reach_in(self.environment.id).unwrap(),
            key: IdempotencyKey::of_job(JOB, &hold),
            fingerprint: Fingerprint::of(&[JOB.as_bytes()]),
            keys: payments::KeyAccess::not_fetched(),
            asks: vec![Ask::Expire { hold }],
            render: |outcome| Rendered { status: if outcome.is_ok() { 200 } else { 409 }, body: "{}".to_owned() },
        };
        self.engine.submit(&self.environment, order).await
    }

    async fn state(&self, hold: WalletHoldId) -> HoldState {
        let owner = api_key("owner");
        let tx = self.begin().await;
        wallet_hold::retrieve(&self.context(&tx, &owner), &self.permit(&owner), hold).await.unwrap().state
    }
}

fn refusal(answer: &Answered) -> String {
    match answer {
        Answered::Now { outcome: Err(declined), .. } => payments::Refusal::code(&declined.refusal).to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hold_expires_once_when_its_time_is_over_and_not_before() {
    let world = World::start().await;
    let hold = world.expiring_hold().await;
    assert_eq!(refusal(&world.expire(hold.id).await.unwrap()), "hold_not_pending", "it is too early");
    assert_eq!(world.state(hold.id).await, HoldState::Pending);
    let other = world.expiring_hold().await;
    world.clock.advance(61);
    assert!(matches!(world.expire(other.id).await.unwrap(), Answered::Now { outcome: Ok(_), .. }));
    assert_eq!(world.state(other.id).await, HoldState::Expired);
    // Again, as after a crash: it is known, and nothing is written a second time.
    assert!(matches!(world.expire(other.id).await.unwrap(), Answered::Before(answer) if answer.status == 200));
    let records = "SELECT count(*) FROM audit_record WHERE action = 'wallet_hold.expire' AND outcome = 'succeeded' \
                   AND actor_kind = 'system' AND actor_id = 'hold_expiry' \
                   AND rule = 'builtin:system_hold_expiry/wallet_hold/expire'";
    assert_eq!(world.count(records).await, 1);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_hold_on_a_damaged_account_cannot_be_released_and_stops_no_other() {
    let world = World::start().await;
    let (damaged, sound) = (world.expiring_hold().await, world.expiring_hold().await);
    let account = damaged.source.as_uuid();
    let sql = format!("UPDATE ledger_account SET held_minor = 0 WHERE id = '{account}'");
    world.environments.tamper(&world.environment, &sql).await;
    world.clock.advance(61);
    let (first, second) = futures::join!(world.expire(damaged.id), world.expire(sound.id));
    assert!(matches!(first, Err(EngineError::Failed(_))), "{first:?}");
    assert!(matches!(second, Ok(Answered::Now { outcome: Ok(_), .. })), "{second:?}");
    let mend = format!("UPDATE ledger_account SET held_minor = 40 WHERE id = '{account}'");
    world.environments.tamper(&world.environment, &mend).await;
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn the_job_may_do_nothing_else() {
    let world = World::start().await;
    let subject = policies::Subject::tenant(world.environment.id, job().role());
    let refused = world.snapshot.permit::<ReleaseWalletHold>(&subject, &policies::Attributes::unknown());
    assert_eq!(refused.unwrap_err().code(), "no_rule");
}
