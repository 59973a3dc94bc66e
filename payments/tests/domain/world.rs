//! One environment with keys and policies, and people who act in it.

use std::sync::Arc;

use kernel::{
    Amount, ApiKeyId, Clock, Currency, CustomerId, FixedClock, MemberId, Mode, RequestId, SystemEntropy, WalletId,
};
use keyring::{EnvironmentKey, KeyOwner, Keyring, KeyringConfig, ProviderKind, Purpose, WrappedDataKey};
use ledger::{Engine, EngineConfig};
use payments::{
    Context, Error, Failure, KeyAccess, Refusal,
    customer::{self, Customer, CustomerDraft},
    desk::{Answered, Ask, Declined, Object, Rendered, WalletDesk, WalletOrder},
    wallet::{self, Wallet, WalletDraft, WalletKind, WalletQuestion},
    wallet_transfer::{self, WalletTransfer, WalletTransferDraft},
};
use policies::{Action, Attributes, CreateWalletTransfer, Permit, PolicySnapshot, Subject as Granter};
use tempfile::TempDir;
use tenancy::{
    Actor, Environment, TenantTx,
    actor::Subject,
    idempotency::{Fingerprint, IdempotencyKey},
    lane::LanesConfig,
};
use uuid::Uuid;

use super::environments::Environments;

pub(crate) struct World {
    pub(crate) environments: Environments,
    pub(crate) environment: Arc<Environment>,
    pub(crate) keys: KeyAccess,
    pub(crate) snapshot: PolicySnapshot,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) engine: Engine<WalletDesk>,
    pub(crate) keyring: Keyring,
    pub(crate) data_keys: Vec<WrappedDataKey>,
    _master_keys: TempDir,
}

/// The tenant's provider.
pub(crate) const ISSUER: &str = "https://issuer.example";

pub(crate) fn person(name: &str) -> Subject {
    Subject { issuer: ISSUER.to_owned(), subject: name.to_owned() }
}

pub(crate) fn end_user(name: &str) -> Actor {
    Actor::EndUser { subject: person(name), multi_factor: false }
}

pub(crate) fn api_key(role: &str) -> Actor {
    Actor::ApiKey { id: ApiKeyId::from_uuid(Uuid::from_u128(1)), role: role.to_owned() }
}

pub(crate) fn member(role: &str) -> Actor {
    let id = MemberId::from_uuid(Uuid::from_u128(1));
    Actor::Member { id, subject: person("staff"), role: role.to_owned(), multi_factor: true }
}

pub(crate) fn eur() -> Currency {
    "eur".parse().unwrap()
}

pub(crate) fn amount(minor: i64) -> Amount {
    Amount::try_new(minor).unwrap()
}

/// What the client is told: code and parameter.
pub(crate) fn refused<T: std::fmt::Debug, R: Refusal>(
    result: Result<T, Error<R>>,
) -> (&'static str, Option<&'static str>) {
    match result {
        Err(Error::Refused(refusal)) => (refusal.code(), refusal.param()),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_in(Mode::Test).await
    }

    pub(crate) async fn start_in(mode: Mode) -> Self {
        let environments = Environments::start(10).await;
        let environment = environments.create(mode).await;
        let master_keys = TempDir::new().unwrap();
        let config =
            KeyringConfig { local_directory: Some(master_keys.path().join("keys")), ..KeyringConfig::default() };
        let clock = Arc::new(FixedClock::new(1_790_000_000));
        let keyring = Keyring::connect(&config, clock, Arc::new(SystemEntropy)).await.unwrap();
        let key = key_of(&keyring, &environment).await;
        let mut data_keys = Vec::new();
        for purpose in [Purpose::Fields, Purpose::Index] {
            data_keys.push(keyring.generate_data_key(&key, purpose).await.unwrap());
        }
        let keys = KeyAccess::from(keyring.field_keys(&key, &data_keys).await);
        let snapshot = PolicySnapshot::built_in(environment.id).unwrap();
        let clock = Arc::new(FixedClock::new(1_790_000_000));
        let lanes = LanesConfig { url: environments.app_url().into(), lanes_max: 4, application_name: "tests" };
        let config = EngineConfig { lanes, waiting_max: 10_000, batch_max: 1_000 };
        let desk = WalletDesk::new(clock.clone(), Arc::new(SystemEntropy));
        let engine = Engine::new(desk, &config, clock.clone()).unwrap();
        Self { environments, environment, keys, snapshot, clock, engine, keyring, data_keys, _master_keys: master_keys }
    }

    pub(crate) async fn begin(&self) -> TenantTx {
        self.environments.begin(&self.environment).await
    }

    pub(crate) fn context<'a>(&'a self, tx: &'a TenantTx, actor: &'a Actor) -> Context<'a> {
        Context { tx, actor, keys: &self.keys, clock: self.clock.as_ref(), entropy: &SystemEntropy }
    }

    /// What the policies give the actor; they must give it.
    pub(crate) fn permit<A: Action>(&self, actor: &Actor) -> Permit<A> {
        let subject = Granter::tenant(self.environment.id, actor.role());
        self.snapshot.permit::<A>(&subject, &Attributes::at(self.clock.now())).unwrap()
    }

    /// Each object a second later than the one before.
    pub(crate) fn tick(&self) {
        self.clock.advance(1);
    }

    pub(crate) async fn customer(&self, actor: &Actor, draft: CustomerDraft) -> Customer {
        self.tick();
        let tx = self.begin().await;
        let created = customer::create(&self.context(&tx, actor), &self.permit(actor), draft).await.unwrap();
        tx.commit(created).await.unwrap().into_inner()
    }

    pub(crate) async fn wallet(&self, customer: Option<CustomerId>, minor: i64) -> Wallet {
        self.wallet_in(eur(), customer, minor).await
    }

    pub(crate) async fn wallet_in(&self, currency: Currency, customer: Option<CustomerId>, minor: i64) -> Wallet {
        self.tick();
        let owner = api_key("owner");
        let tx = self.begin().await;
        let context = self.context(&tx, &owner);
        let draft = WalletDraft { customer, ..wallet_draft(currency) };
        let mut wallet = wallet::create(&context, &self.permit(&owner), draft).await.unwrap();
        if minor > 0 {
            wallet = wallet::fund(&context, &self.permit(&owner), wallet.id, amount(minor), currency).await.unwrap();
        }
        tx.commit(wallet).await.unwrap().into_inner()
    }

    pub(crate) async fn transfer(
        &self,
        actor: &Actor,
        draft: WalletTransferDraft,
    ) -> Result<WalletTransfer, Error<wallet_transfer::Refusal>> {
        self.tick();
        match self.order(actor, "wallet_transfer.create", vec![self.ask(&self.keys, draft).unwrap()]).await {
            Ok(objects) => match objects.into_iter().next() {
                Some(Object::Transfer(transfer, _)) => Ok(transfer),
                other => panic!("{other:?}"),
            },
            Err(declined) => Err(Error::Refused(declined.refusal)),
        }
    }

    pub(crate) fn ask(&self, keys: &KeyAccess, draft: WalletTransferDraft) -> Result<Ask, Failure> {
        wallet_transfer::prepare(draft, keys, self.clock.as_ref(), &SystemEntropy)
    }

    /// What the engine makes of it.
    pub(crate) async fn order(
        &self,
        actor: &Actor,
        action: &'static str,
        asks: Vec<Ask>,
    ) -> Result<Vec<Object>, Declined> {
        let request = RequestId::generate(self.clock.as_ref(), &SystemEntropy);
        let permit: Permit<CreateWalletTransfer> = self.permit(actor);
        let order = WalletOrder {
            actor: Arc::new(actor.clone()),
            request,
            action,
            rule: permit.rule().to_string(),
            reach: permit.reach_in(self.environment.id).unwrap(),
            key: IdempotencyKey::parse(&request.to_string()).unwrap(),
            fingerprint: Fingerprint::of(&[]),
            keys: self.keys.clone(),
            asks,
            render: |outcome| Rendered { status: if outcome.is_ok() { 200 } else { 400 }, body: "{}".to_owned() },
        };
        match self.engine.submit(&self.environment, order).await.unwrap() {
            Answered::Now { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn balance(&self, wallet: WalletId) -> i64 {
        let owner = api_key("owner");
        let tx = self.begin().await;
        self.retrieve(&tx, &owner, wallet).await.unwrap().balance.minor
    }

    pub(crate) async fn retrieve(
        &self,
        tx: &TenantTx,
        actor: &Actor,
        wallet: WalletId,
    ) -> Result<Wallet, Error<wallet::Refusal>> {
        let question =
            WalletQuestion::try_new(&self.permit(actor), self.environment.id, &Arc::new(actor.clone()), wallet)?;
        wallet::retrieve(tx, &[question]).await?.remove(0).map_err(Error::Refused)
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let tx = self.begin().await;
        tx.with_connection(move |connection| {
            Box::pin(async move { sqlx::query_scalar(sql).fetch_one(connection).await })
        })
        .await
        .unwrap()
    }

    pub(crate) async fn assert_books_are_right(&self) {
        let report = ledger::audit(self.environments.database(), &self.environment).await.unwrap();
        assert_eq!(report.findings, []);
    }
}

pub(crate) async fn key_of(keyring: &Keyring, environment: &Environment) -> EnvironmentKey {
    let owner = KeyOwner { tenant: environment.tenant, environment: environment.id };
    let reference = keyring.create_key(ProviderKind::Local, &owner).await.unwrap();
    EnvironmentKey { tenant: environment.tenant, environment: environment.id, reference }
}

pub(crate) fn draft(source: WalletId, destination: WalletId, minor: i64) -> WalletTransferDraft {
    WalletTransferDraft {
        source,
        destination,
        amount: amount(minor),
        currency: eur(),
        occurred_at: None,
        description: None,
        metadata: [].into(),
    }
}

pub(crate) fn wallet_draft(currency: Currency) -> WalletDraft {
    WalletDraft { customer: None, currency, kind: WalletKind::Standard, overdraft_limit: 0, metadata: [].into() }
}
