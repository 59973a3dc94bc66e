//! What cases work with: stacks, tenants, clients, and the checks after every case.

pub mod bank_1993;
pub mod binary;
pub mod client;
pub mod database;
pub mod invariants;
pub mod malformed;
mod merchant;
pub mod mint;
pub mod proxy;
pub mod random;
pub mod server;
pub mod stack;
pub mod staff_cli;
pub mod tenant;
pub mod until;
pub mod wire;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

pub use merchant::{quote_from_euro, transfer_of};

use self::{
    database::Database,
    invariants::Watched,
    random::Random,
    stack::{Stack, Wishes},
    tenant::{Plan, Tenant},
};

/// The stack that most cases share, started by the first that asks.
static SHARED: tokio::sync::Mutex<Option<Arc<Stack>>> = tokio::sync::Mutex::const_new(None);
/// Numbers the tenants of a run.
static TENANTS: AtomicUsize = AtomicUsize::new(0);

/// What one case has of the world.
#[derive(Clone, Debug)]
pub struct App {
    name: &'static str,
    watched: Arc<Mutex<Vec<Watched>>>,
}

impl App {
    pub fn new(name: &'static str) -> Self {
        Self { name, watched: Arc::default() }
    }

    /// The stack that cases share; what a case does there must not disturb the others.
    pub async fn shared(&self) -> Arc<Stack> {
        let mut shared = SHARED.lock().await;
        if let Some(stack) = shared.as_ref() {
            return Arc::clone(stack);
        }
        let stack = Arc::new(Stack::start(Wishes::default()).await);
        Arc::clone(shared.insert(stack))
    }

    /// A stack of the case's own, for cases that break servers.
    pub async fn own_stack(&self, wishes: Wishes) -> Stack {
        Stack::start(wishes).await
    }

    /// A tenant of the case's own on the shared stack.
    pub async fn tenant(&self) -> Tenant {
        self.tenant_on(&*self.shared().await, &Plan::default()).await
    }

    /// A tenant of the case's own.
    pub async fn tenant_on(&self, stack: &Stack, plan: &Plan) -> Tenant {
        let slug = Self::new_slug();
        let tenant = tenant::provision(stack, &slug, plan).await;
        self.watch(&tenant, &stack.database);
        tenant
    }

    /// A slug that nobody has.
    pub fn new_slug() -> String {
        format!("tenant-{}", TENANTS.fetch_add(1, Ordering::SeqCst))
    }

    /// Looks at a tenant's environments when the case is over.
    pub fn watch(&self, tenant: &Tenant, database: &Database) {
        let mut watched = self.watched.lock().unwrap();
        for (environment, side) in [(&tenant.test, "test"), (&tenant.live, "live")] {
            let name = format!("{} {side}", tenant.slug);
            watched.push(Watched { name, schema: environment.schema.clone(), database: database.clone() });
        }
    }

    /// The case's sequence of chance.
    pub fn random(&self) -> Random {
        Random::of(self.name)
    }

    /// Says something for the record.
    pub fn note(&self, text: impl std::fmt::Display) {
        println!("    {}: {text}", self.name);
    }

    /// The checks after every case, of stacks that still run. A case with a stack of its own calls it before the
    /// stack goes.
    pub async fn check_invariants(&self) {
        let watched = std::mem::take(&mut *self.watched.lock().unwrap());
        let violations = invariants::violations(&watched).await;
        assert!(violations.is_empty(), "invariants are broken:\n{}", violations.join("\n"));
    }
}

/// Ends the shared stack.
pub async fn end_shared() {
    drop(SHARED.lock().await.take());
}
