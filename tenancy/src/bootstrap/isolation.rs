//! The proof that the API's login role, by itself, sees nothing of any tenant.

use sqlx::{AssertSqlSafe, Row as _, postgres::PgRow};
use thiserror::Error;

use super::TENANT_GROUP;
use crate::{Database, SchemaName};

/// What a refused statement answers.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Why this login role must not serve tenants.
#[derive(Debug, Error)]
pub enum IsolationError {
    /// The role has an attribute that walks through walls.
    #[error("role `{login}` is superuser, bypasses row security, or may make roles, databases or replicas")]
    TooPowerful {
        /// The login role.
        login: String,
    },
    /// What is granted to the role it has without taking it on.
    #[error("role `{login}` inherits `{granted}`: make it NOINHERIT, and grant anew WITH INHERIT FALSE, SET TRUE")]
    Inherits {
        /// The login role.
        login: String,
        /// A role it inherits.
        granted: String,
    },
    /// It can take on a role that is no tenant's.
    #[error("role `{login}` is a member of `{granted}`, which is no tenant's role")]
    ForeignRole {
        /// The login role.
        login: String,
        /// That role.
        granted: String,
    },
    /// A temporary table, or one in `public`, could shadow or replace a tenant's.
    #[error("role `{login}` may make temporary tables, create schemas or use schema public: run `tessera bootstrap`")]
    OpenDatabase {
        /// The login role.
        login: String,
    },
    /// A tenant's schema is open to it.
    #[error("role `{login}` can use schema {schema} without taking on its role")]
    OpenSchema {
        /// The login role.
        login: String,
        /// The schema.
        schema: String,
    },
    /// A read that must fail did not.
    #[error("a read of schema {schema} without its role did not answer `permission denied`")]
    Readable {
        /// The schema.
        schema: String,
    },
    /// The question itself failed.
    #[error("cannot examine the login role's privileges")]
    Sql(#[source] sqlx::Error),
}

const EXAMINE: &str = r"
SELECT current_user::text AS login,
  r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication AS too_powerful,
  has_database_privilege(current_database(), 'TEMPORARY') OR has_database_privilege(current_database(), 'CREATE')
    OR coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'USAGE'), false) AS open_database,
  (SELECT g.rolname::text FROM pg_roles g
    WHERE g.oid <> r.oid AND pg_has_role(r.oid, g.oid, 'USAGE') LIMIT 1) AS inherited,
  (SELECT g.rolname::text FROM pg_roles g
    WHERE g.oid <> r.oid AND g.rolname <> $1 AND g.rolname !~ $2 AND pg_has_role(r.oid, g.oid, 'MEMBER') LIMIT 1)
    AS foreign_role,
  (SELECT n.nspname::text FROM pg_namespace n
    WHERE n.nspname ~ $2 AND (has_schema_privilege(n.oid, 'USAGE') OR has_schema_privilege(n.oid, 'CREATE')) LIMIT 1)
    AS open_schema,
  (SELECT n.nspname::text FROM pg_namespace n WHERE n.nspname ~ $2
    AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'customer') LIMIT 1) AS sample
FROM pg_roles r WHERE r.rolname = current_user";
const TENANT_PATTERN: &str = "^t_[0-9a-z]{26}_(live|test)$";

/// Asks the catalog about every tenant's schema, and tries to read one of them.
///
/// `database` is connected as the role that serves requests. Refuse to serve when this fails.
pub async fn check_isolation(database: &Database) -> Result<(), IsolationError> {
    let mut connection = database.pool().acquire().await.map_err(IsolationError::Sql)?;
    let row = sqlx::query(EXAMINE)
        .bind(TENANT_GROUP)
        .bind(TENANT_PATTERN)
        .fetch_one(&mut *connection)
        .await
        .map_err(IsolationError::Sql)?;
    let sample = judge(&row)?;
    let Some(sample) = sample else { return Ok(()) };
    let Ok(schema) = sample.parse::<SchemaName>() else { return Err(IsolationError::Readable { schema: sample }) };
    let read = format!("SELECT 1 FROM {}.customer LIMIT 0", schema.quoted());
    match sqlx::raw_sql(AssertSqlSafe(read)).execute(&mut *connection).await {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE) => Ok(()),
        Err(error) => Err(IsolationError::Sql(error)),
        Ok(_) => Err(IsolationError::Readable { schema: sample }),
    }
}

/// The first thing wrong, or the schema to try.
fn judge(row: &PgRow) -> Result<Option<String>, IsolationError> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column).map_err(IsolationError::Sql);
    let flag = |column: &str| row.try_get::<bool, _>(column).map_err(IsolationError::Sql);
    let login = text("login")?.unwrap_or_default();
    if flag("too_powerful")? {
        return Err(IsolationError::TooPowerful { login });
    }
    if let Some(granted) = text("inherited")? {
        return Err(IsolationError::Inherits { login, granted });
    }
    if let Some(granted) = text("foreign_role")? {
        return Err(IsolationError::ForeignRole { login, granted });
    }
    if flag("open_database")? {
        return Err(IsolationError::OpenDatabase { login });
    }
    if let Some(schema) = text("open_schema")? {
        return Err(IsolationError::OpenSchema { login, schema });
    }
    text("sample")
}
