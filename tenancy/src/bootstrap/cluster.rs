//! Roles, database and revocations, as the administrator.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::{APP_ROLE, BootstrapError, CONTROL_ROLE, TENANT_GROUP, WORKER_ROLE};

/// Oldest server that works.
const SERVER_VERSION_MIN: u32 = 150_000;
/// From here on a grant itself says whether it is inherited, and a role-maker needs ADMIN on what it grants.
pub(crate) const SERVER_VERSION_GRANT_OPTIONS: u32 = 160_000;
/// Two runs at once take turns: `tessera` in ASCII.
const LOCK: i64 = 0x0074_6573_7365_7261;

/// The name, if it needs no quoting.
pub(super) fn checked_database_name(name: &str) -> Result<&str, BootstrapError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let well_formed = (1..=63).contains(&name.len())
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.starts_with("pg_");
    if well_formed { Ok(name) } else { Err(BootstrapError::DatabaseName) }
}

/// The passwords of the login roles as Postgres stores them.
pub(super) struct Verifiers {
    pub(super) control: String,
    pub(super) app: String,
    pub(super) worker: String,
}

/// What is there, and what had to be made.
pub(super) struct Cluster<'a> {
    database: &'a str,
    pub(super) server_version: u32,
    roles: Vec<String>,
    pub(super) created: Vec<String>,
}

impl<'a> Cluster<'a> {
    /// Checks that this connection may do what follows, and keeps others from doing it at the same time.
    pub(super) async fn examine(admin: &mut PgConnection, database: &'a str) -> Result<Self, BootstrapError> {
        let row = sqlx::query(
            "SELECT current_user::text AS login, r.rolsuper, current_setting('server_version_num')::int AS version \
             FROM pg_catalog.pg_roles r WHERE r.rolname = current_user",
        )
        .fetch_one(&mut *admin)
        .await
        .map_err(BootstrapError::Sql)?;
        let version: i32 = row.try_get("version").map_err(BootstrapError::Sql)?;
        let server_version = u32::try_from(version).unwrap_or(0);
        if server_version < SERVER_VERSION_MIN {
            return Err(BootstrapError::TooOld { server_version });
        }
        if !row.try_get::<bool, _>("rolsuper").map_err(BootstrapError::Sql)? {
            return Err(BootstrapError::NotSuperuser { user: row.try_get("login").map_err(BootstrapError::Sql)? });
        }
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(LOCK)
            .execute(&mut *admin)
            .await
            .map_err(BootstrapError::Sql)?;
        let roles = sqlx::query_scalar("SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)")
            .bind([CONTROL_ROLE, APP_ROLE, WORKER_ROLE, TENANT_GROUP].as_slice())
            .fetch_all(&mut *admin)
            .await
            .map_err(BootstrapError::Sql)?;
        Ok(Self { database, server_version, roles, created: Vec::new() })
    }

    /// The four roles. The logins of API and worker are NOINHERIT from birth: on 16 and newer the attribute only counts
    /// for grants made after it was set.
    pub(super) async fn make_roles(
        &mut self,
        admin: &mut PgConnection,
        verifiers: &Verifiers,
    ) -> Result<(), BootstrapError> {
        let Verifiers { control, app, worker } = verifiers;
        let weak = "NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS";
        let wanted = [
            (TENANT_GROUP, format!("NOLOGIN NOCREATEROLE {weak}")),
            (CONTROL_ROLE, format!("LOGIN CREATEROLE {weak} PASSWORD '{control}'")),
            (APP_ROLE, format!("LOGIN NOINHERIT NOCREATEROLE {weak} PASSWORD '{app}'")),
            (WORKER_ROLE, format!("LOGIN NOINHERIT NOCREATEROLE {weak} PASSWORD '{worker}'")),
        ];
        let mut text = vec!["BEGIN".to_owned(), "SET LOCAL log_statement = 'none'".to_owned()];
        for (role, attributes) in wanted {
            let verb = if self.roles.iter().any(|known| known == role) { "ALTER" } else { "CREATE" };
            if verb == "CREATE" {
                self.created.push(format!("role {role}"));
            }
            text.push(format!("{verb} ROLE {role} {attributes}"));
        }
        // Outside a transaction of a tenant no name resolves.
        text.extend([APP_ROLE, WORKER_ROLE].map(|role| format!("ALTER ROLE {role} SET search_path = ''")));
        // The control role hands this group to every tenant role it makes.
        let options = if self.server_version >= SERVER_VERSION_GRANT_OPTIONS {
            "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
        } else {
            "WITH ADMIN OPTION"
        };
        text.push(format!("GRANT {TENANT_GROUP} TO {CONTROL_ROLE} {options}"));
        text.push("COMMIT".to_owned());
        execute(admin, text.join("; ")).await
    }

    /// The database, owned by the control role. Byte order as its collation: ids and keys are compared as bytes, and no
    /// update of the operating system can reorder an index.
    pub(super) async fn make_database(&mut self, admin: &mut PgConnection) -> Result<(), BootstrapError> {
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)")
            .bind(self.database)
            .fetch_one(&mut *admin)
            .await
            .map_err(BootstrapError::Sql)?;
        if exists {
            return Ok(());
        }
        self.created.push(format!("database {}", self.database));
        let text = format!(
            "CREATE DATABASE \"{}\" OWNER {CONTROL_ROLE} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
            self.database
        );
        execute(admin, text).await
    }

    /// Nothing for everybody: no connection, no temporary tables that shadow a tenant's, no schema `public` in which a
    /// missing table would silently resolve.
    pub(super) async fn close_to_public(&self, inside: &mut PgConnection) -> Result<(), BootstrapError> {
        let database = self.database;
        execute(
            inside,
            format!(
                "BEGIN; ALTER DATABASE \"{database}\" OWNER TO {CONTROL_ROLE}; \
                 REVOKE ALL ON DATABASE \"{database}\" FROM PUBLIC; \
                 GRANT CONNECT ON DATABASE \"{database}\" TO {APP_ROLE}, {WORKER_ROLE}; \
                 REVOKE ALL ON SCHEMA public FROM PUBLIC; COMMIT"
            ),
        )
        .await
    }
}

/// Role and database names are constants or checked; verifiers are base 64.
async fn execute(connection: &mut PgConnection, text: String) -> Result<(), BootstrapError> {
    sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map_err(BootstrapError::Sql)?;
    Ok(())
}
