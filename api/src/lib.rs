//! HTTP: authentication, extractors, the payment API (`/v1`) and the staff API (`/platform/v1`).
//!
//! Handlers parse, permit, make one domain call and reply. There is no SQL and no business decision here.

mod call;
pub mod error;
pub mod health;
pub mod middleware;
pub mod openapi;
pub mod parameters;
pub mod platform;
pub mod probes;
pub mod rate_limit;
pub mod request_id;
pub mod router;
pub mod serve;
mod state;
pub mod telemetry;
pub mod v1;

pub use call::{Caller, KeysInProgress, Together};
pub use error::ApiError;
pub use state::{Api, ApiParts, WalletQuestions};
