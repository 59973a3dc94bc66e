//! Why a cluster could not be made ready.

use sea_orm::DbErr;
use thiserror::Error;

use crate::DatabaseError;

/// Why a cluster could not be made ready.
#[derive(Debug, Error)]
pub enum BootstrapError {
    /// The administrator's URL does not parse.
    #[error("the administrator's URL is not valid: expected postgres://user:password@host:port/database")]
    AdminUrl(#[source] Option<sqlx::Error>),
    /// The administrator cannot connect.
    #[error("cannot connect to Postgres as the administrator")]
    AdminLogin(#[source] sqlx::Error),
    /// The administrator is not a superuser.
    #[error("`{user}` is no superuser: give the URL of one")]
    NotSuperuser {
        /// The role that connected.
        user: String,
    },
    /// The server is older than 15.
    #[error("Postgres 15 or newer is needed, this server reports version number {server_version}")]
    TooOld {
        /// `server_version_num`.
        server_version: u32,
    },
    /// A password would be stored differently by different clients.
    #[error("`{key}` must have 1 to 256 printable ASCII characters")]
    Password {
        /// Which setting.
        key: &'static str,
    },
    /// The database's name would need quoting.
    #[error("the database's name must be 1 to 63 lower-case letters, digits and underscores, starting with a letter")]
    DatabaseName,
    /// A statement failed.
    #[error("a statement failed")]
    Sql(#[source] sqlx::Error),
    /// The control role cannot connect with the password it was just given.
    #[error("tessera_control cannot connect with its password: check pg_hba.conf")]
    ControlLogin(#[source] DatabaseError),
    /// The cluster was made ready by an older release.
    #[error("there is no role {role}: run `tessera bootstrap` of this release first")]
    RoleMissing {
        /// Which role.
        role: &'static str,
    },
    /// Schema `platform` cannot be brought forward.
    #[error("cannot bring schema platform forward")]
    Migration(#[source] DbErr),
}
