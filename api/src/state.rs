//! What every handler can reach.

use std::{ops::Deref, sync::Arc};

use axum::http::HeaderName;
use kernel::{Clock, Entropy};
use ledger::Engine;
use payments::{desk::WalletDesk, wallet};
use policies::Policies;
use tenancy::{UnitsOfWork, directory::Directory, field_keys::FieldKeyring, hints::Hints, identity::Resolver};

use crate::{KeysInProgress, Together, rate_limit::RateLimiter, request_id::IdSource};

/// Questions about single wallets.
pub type WalletQuestions = Together<wallet::WalletQuestion, Result<wallet::Wallet, wallet::Refusal>>;

/// The parts of a running payment API.
#[derive(Debug)]
pub struct ApiParts {
    /// The only way to a tenant's rows.
    pub units: UnitsOfWork,
    /// The routing tables.
    pub directory: Directory,
    /// Word to and from the other processes.
    pub hints: Hints,
    /// Credentials to scopes.
    pub resolver: Resolver,
    /// Who may do what.
    pub policies: Policies,
    /// Data keys of environments.
    pub field_keys: FieldKeyring,
    /// Who sends too much.
    pub limiter: RateLimiter,
    /// Posts orders on wallets.
    pub engine: Engine<WalletDesk>,
    /// Reads wallets that many ask about.
    pub wallets: WalletQuestions,
    /// Repeats of what is still running.
    pub keys_in_progress: KeysInProgress,
    /// Where a trusted proxy names the caller's country, if there is one.
    pub country_header: Option<HeaderName>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// A cheap handle to the parts.
#[derive(Clone, Debug)]
pub struct Api(Arc<ApiParts>);

impl Api {
    /// Shares the parts.
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new(parts))
    }

    /// What reads single wallets.
    pub fn wallet_questions(units: UnitsOfWork) -> WalletQuestions {
        Together::new(units, |tx, questions| Box::pin(wallet::retrieve(tx, questions)))
    }

    /// What makes request ids.
    pub fn ids(&self) -> IdSource {
        IdSource { clock: Arc::clone(&self.clock), entropy: Arc::clone(&self.entropy) }
    }
}

impl Deref for Api {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        &self.0
    }
}
