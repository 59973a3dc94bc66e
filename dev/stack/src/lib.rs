//! The embedded stack: real servers as ordinary child processes, for tests and for `make up`.
//!
//! Everything listens on loopback, waits until it is ready, and says why when it is not. What a test starts dies with
//! the value that holds it, and also with a test run that is killed.

mod detached;
mod emulator;
mod error;
mod identity;
mod launch;
mod log_tail;
mod oidc;
mod port;
mod postgres;
mod process_table;
mod project;
mod ready;
mod redis;
mod secret;
mod service;
mod spawner;
mod system_user;

pub use detached::{Detached, Outcome};
pub use emulator::{MiniStack, Moto, OpenBao};
pub use error::StackError;
pub use identity::{
    ClientSpec, IdentityFiles, IdentityProvider, IdentityProviderBuilder, IssuerSpec, OldKey, SigningAlgorithm,
    UserSpec,
};
pub use launch::{Launch, StopSignal};
pub use oidc::{OidcClient, Tokens};
pub use port::{PortOwner, free_port, is_free, lasting_port, port_owner, require_free};
pub use postgres::{Cluster, ClusterSpec, Postgres, PostgresBinaries};
pub use project::Project;
pub use ready::Ready;
pub use redis::{Redis, RedisFiles};
pub use secret::random_secret;
pub use service::Service;
