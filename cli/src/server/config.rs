//! The configuration of the servers: one TOML file named by `TESSERA_CONFIG`, then the environment
//! (`TESSERA_API__LISTEN` is `listen` in section `api`). A wrong value refuses to start and names its key.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

use figment::{
    Figment,
    providers::{Env, Format as _, Toml},
};
use http::HeaderName;
use keyring::KeyringConfig;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use tenancy::identity::IdentityConfig;
use thiserror::Error;

/// What every variable begins with.
const PREFIX: &str = "TESSERA_";
/// Names the configuration file.
const FILE_VARIABLE: &str = "TESSERA_CONFIG";
/// The sections of a server; `TESSERA_` variables outside them belong to the staff commands.
const SECTIONS: [&str; 7] = ["bootstrap", "api", "control", "worker", "redis", "keyring", "identity"];

/// Said when the URL of Redis does not parse.
pub(super) const REDIS_URL_WRONG: &str =
    "configuration key `redis.url` (variable `TESSERA_REDIS__URL`): must be a URL such as redis://127.0.0.1:6379";

/// Why the configuration cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The named file is not there.
    #[error("the file that `{FILE_VARIABLE}` names does not exist: {}", .0.display())]
    FileMissing(PathBuf),
    /// A value is missing or wrong.
    #[error("configuration key `{key}` (variable `{variable}`): {problem}")]
    Value {
        /// Dotted key.
        key: String,
        /// The variable that sets it.
        variable: String,
        /// What is wrong.
        problem: String,
    },
    /// A whole section is missing.
    #[error(
        "section `{0}` is not configured: set `{PREFIX}{1}__…` or `[{0}]` in the file that `{FILE_VARIABLE}` names"
    )]
    Section(&'static str, String),
}

/// Everything that can be configured.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerConfig {
    bootstrap: Option<BootstrapSection>,
    api: Option<ApiSection>,
    control: Option<ControlSection>,
    worker: Option<WorkerSection>,
    /// Shared limits and hints; optional.
    pub(crate) redis: RedisSection,
    /// KMS providers.
    pub(crate) keyring: KeyringConfig,
    /// Tokens and routing.
    pub(crate) identity: IdentityConfig,
}

/// Section `bootstrap`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BootstrapSection {
    /// A superuser's URL.
    #[serde(deserialize_with = "secret")]
    pub(crate) admin_url: SecretString,
    /// Password for the role `tessera_control`.
    #[serde(deserialize_with = "secret")]
    pub(crate) control_password: SecretString,
    /// Password for the role `tessera_app`.
    #[serde(deserialize_with = "secret")]
    pub(crate) app_password: SecretString,
    /// Password for the role `tessera_worker`.
    #[serde(deserialize_with = "secret")]
    pub(crate) worker_password: SecretString,
    /// Name of the database.
    #[serde(default = "database_default")]
    pub(crate) database: String,
}

/// Section `api`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiSection {
    /// Where to listen.
    #[serde(default = "api_listen_default")]
    pub(crate) listen: SocketAddr,
    /// Postgres, as `tessera_app`.
    #[serde(deserialize_with = "secret")]
    pub(crate) database_url: SecretString,
    /// Most connections to Postgres.
    #[serde(default = "api_connections_default")]
    pub(crate) pool_connections_max: u32,
    /// Connections on which money is posted, beside the pool.
    #[serde(default = "posting_connections_default")]
    pub(crate) posting_connections_max: usize,
    /// Postings that may wait in one environment before more are refused.
    #[serde(default = "posting_waiting_default")]
    pub(crate) posting_waiting_max: usize,
    /// Requests per second of one environment.
    #[serde(default = "environment_rate_default")]
    pub(crate) rate_limit_environment_per_second: u32,
    /// Requests per second of one credential.
    #[serde(default = "credential_rate_default")]
    pub(crate) rate_limit_credential_per_second: u32,
    /// The header in which a proxy that overwrites it names the caller's country.
    #[serde(default, deserialize_with = "header_name")]
    pub(crate) country_header: Option<HeaderName>,
}

/// Section `control`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ControlSection {
    /// Where to listen.
    #[serde(default = "control_listen_default")]
    pub(crate) listen: SocketAddr,
    /// Postgres, as `tessera_control`.
    #[serde(deserialize_with = "secret")]
    pub(crate) database_url: SecretString,
    /// Who vouches for staff.
    pub(crate) staff_issuer: String,
    /// The audience of staff tokens.
    pub(crate) staff_audience: String,
    /// Newest schema version that environments get.
    pub(crate) schema_version_max: Option<String>,
}

/// Section `worker`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkerSection {
    /// Where to say that it lives.
    #[serde(default = "worker_listen_default")]
    pub(crate) listen: SocketAddr,
    /// Postgres, as `tessera_worker`.
    #[serde(deserialize_with = "secret")]
    pub(crate) database_url: SecretString,
    /// Most connections to Postgres.
    #[serde(default = "worker_connections_default")]
    pub(crate) pool_connections_max: u32,
    /// Connections on which holds are released, beside the pool.
    #[serde(default = "worker_posting_connections_default")]
    pub(crate) posting_connections_max: usize,
    /// Longest time between two looks for expired holds in an environment.
    #[serde(default = "hold_expiry_interval_default")]
    pub(crate) hold_expiry_interval_seconds: NonZeroU32,
    /// From one audit of an environment's ledger to the next.
    #[serde(default = "ledger_audit_interval_default")]
    pub(crate) ledger_audit_interval_seconds: NonZeroU32,
}

/// Section `redis`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RedisSection {
    /// `redis://…`; without it limits hold for one process and hints stay in it.
    #[serde(deserialize_with = "optional_secret")]
    pub(crate) url: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

fn optional_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    secret(deserializer).map(Some)
}

fn header_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HeaderName>, D::Error> {
    use serde::de::{Error as _, Unexpected};
    let text = String::deserialize(deserializer)?;
    let name = text.parse().map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &"the name of a header"))?;
    Ok(Some(name))
}

fn database_default() -> String {
    "tessera".to_owned()
}

fn api_listen_default() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn control_listen_default() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8081))
}

fn worker_listen_default() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9082))
}

const fn worker_connections_default() -> u32 {
    6
}

const fn worker_posting_connections_default() -> usize {
    2
}

fn hold_expiry_interval_default() -> NonZeroU32 {
    NonZeroU32::new(30).unwrap_or(NonZeroU32::MIN)
}

fn ledger_audit_interval_default() -> NonZeroU32 {
    NonZeroU32::new(3_600).unwrap_or(NonZeroU32::MIN)
}

const fn api_connections_default() -> u32 {
    16
}

const fn posting_connections_default() -> usize {
    8
}

const fn posting_waiting_default() -> usize {
    20_000
}

const fn environment_rate_default() -> u32 {
    2_000
}

const fn credential_rate_default() -> u32 {
    500
}

impl ServerConfig {
    /// Reads file and environment.
    pub(crate) fn load() -> Result<Self, ConfigError> {
        let mut figment = Figment::new();
        if let Some(path) = std::env::var_os(FILE_VARIABLE).map(PathBuf::from) {
            if !path.is_file() {
                return Err(ConfigError::FileMissing(path));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        let environment = Env::prefixed(PREFIX)
            .filter(|key| {
                key.as_str()
                    .split_once("__")
                    .is_some_and(|(section, _)| SECTIONS.iter().any(|known| section.eq_ignore_ascii_case(known)))
            })
            .split("__");
        figment.merge(environment).extract().map_err(|error| wrong_value(&error))
    }

    /// Section `bootstrap`, which must be there.
    pub(crate) fn bootstrap(&mut self) -> Result<BootstrapSection, ConfigError> {
        self.bootstrap.take().ok_or_else(|| missing("bootstrap"))
    }

    /// Section `api`, which must be there.
    pub(crate) fn api(&mut self) -> Result<ApiSection, ConfigError> {
        self.api.take().ok_or_else(|| missing("api"))
    }

    /// Section `control`, which must be there.
    pub(crate) fn control(&mut self) -> Result<ControlSection, ConfigError> {
        self.control.take().ok_or_else(|| missing("control"))
    }

    /// Section `worker`, which must be there.
    pub(crate) fn worker(&mut self) -> Result<WorkerSection, ConfigError> {
        self.worker.take().ok_or_else(|| missing("worker"))
    }
}

fn missing(section: &'static str) -> ConfigError {
    ConfigError::Section(section, section.to_ascii_uppercase())
}

/// The first thing that is wrong, with its key; values are not repeated, for they may be secrets.
fn wrong_value(error: &figment::Error) -> ConfigError {
    use figment::error::Kind;
    let mut path = error.path.clone();
    let mut name_the_field = |field: &str| {
        if path.last().is_none_or(|last| last != field) {
            path.push(field.to_owned());
        }
    };
    let problem = match &error.kind {
        Kind::MissingField(field) => {
            name_the_field(field);
            "is required".to_owned()
        }
        Kind::UnknownField(field, known) => {
            name_the_field(field);
            format!("there is no such key; known are {}", known.join(", "))
        }
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("must be {expected}"),
        Kind::Message(_) => "is not valid".to_owned(),
        other => other.to_string(),
    };
    let variable = format!("{PREFIX}{}", path.join("__").to_ascii_uppercase());
    ConfigError::Value { key: path.join("."), variable, problem }
}
