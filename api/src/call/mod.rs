//! A call: an authenticated request, and the ways it may go on.
//!
//! [`Caller`] is the first argument of every handler. It permits ([`Caller::permit`]), reads
//! ([`Caller::read`], and together with others [`Caller::ask`]), writes ([`Caller::write`]) and orders
//! ([`Caller::order`]); a handler has no other way to a tenant's rows.

mod authenticate;
mod keys_in_progress;
mod order;
mod permit;
mod policies_changed;
mod read;
mod together;
mod write;

use axum::http::Method;
use kernel::RequestId;
use payments::KeyAccess;
use policies::Country;
use tenancy::{TenantScope, idempotency::IdempotencyKey};

use crate::Api;

pub use keys_in_progress::KeysInProgress;
pub(crate) use order::Placed;
pub(crate) use read::Reading;
pub use together::Together;
pub(crate) use write::Target;

/// Who asks for what: made only from a verified credential within its rate limit.
#[derive(Debug)]
pub struct Caller {
    api: Api,
    scope: TenantScope,
    request: RequestId,
    method: Method,
    path: String,
    country: Option<Country>,
    idempotency_key: Option<IdempotencyKey>,
}

impl Caller {
    /// The process's parts.
    pub const fn api(&self) -> &Api {
        &self.api
    }

    /// The verified scope.
    pub const fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The data keys of the caller's environment, fetched before any transaction begins. A failure is carried
    /// along and surfaces only where a sealed field is really touched.
    pub async fn keys(&self) -> KeyAccess {
        KeyAccess::from(self.api.field_keys.field_keys(self.scope.environment()).await)
    }
}
