//! A cluster made ready: repeatable, and closed to everybody but those it is for.

use kernel::SystemEntropy;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy::{
    Database,
    bootstrap::{self, BootstrapConfig, BootstrapError, IsolationError, check_isolation},
};

use crate::world::{World, config};

/// What the statement answers as the bare login role of a database: an SQLSTATE, or `fine`.
async fn as_login(database: &Database, sql: &str) -> String {
    let mut connection = database.pool().acquire().await.unwrap();
    let outcome = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await;
    drop(sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await);
    match outcome {
        Ok(_) => "fine".to_owned(),
        Err(error) => error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .map_or("?".into(), |code| code.to_string()),
    }
}

#[tokio::test]
async fn doing_it_again_changes_nothing_and_an_old_password_ends() {
    let world = World::start().await;
    let again = bootstrap::run(&world.bootstrap, &SystemEntropy).await.unwrap();
    assert_eq!(again.created, Vec::<String>::new());
    assert!(again.server_version >= 150_000);
    assert!(
        world
            .text("SELECT rolpassword FROM pg_authid WHERE rolname = 'tessera_app'")
            .await
            .starts_with("SCRAM-SHA-256$")
    );
}

#[tokio::test]
async fn two_at_once_take_turns() {
    let world = World::start().await;
    let database = format!("{}_x", world.bootstrap.database);
    let config = || BootstrapConfig {
        admin_url: world.bootstrap.admin_url.clone(),
        control_password: world.bootstrap.control_password.clone(),
        app_password: world.bootstrap.app_password.clone(),
        worker_password: world.bootstrap.worker_password.clone(),
        database: database.clone(),
    };
    let (one, two) = (config(), config());
    let (one, two) = tokio::join!(bootstrap::run(&one, &SystemEntropy), bootstrap::run(&two, &SystemEntropy));
    let (one, two) = (one.unwrap().created, two.unwrap().created);
    assert_eq!(one.iter().chain(&two).filter(|line| line.starts_with("database")).count(), 1, "{one:?} {two:?}");
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let world = World::start().await;
    let with = |change: fn(&mut BootstrapConfig)| {
        let mut config = BootstrapConfig {
            admin_url: world.bootstrap.admin_url.clone(),
            control_password: world.bootstrap.control_password.clone(),
            app_password: world.bootstrap.app_password.clone(),
            worker_password: world.bootstrap.worker_password.clone(),
            database: world.bootstrap.database.clone(),
        };
        change(&mut config);
        config
    };
    let run = async |config: BootstrapConfig| bootstrap::run(&config, &SystemEntropy).await.unwrap_err();
    assert!(matches!(run(with(|config| config.database = "a\"b".into())).await, BootstrapError::DatabaseName));
    assert!(matches!(
        run(with(|config| config.app_password = "".into())).await,
        BootstrapError::Password { key: "app_password" }
    ));
    assert!(matches!(run(with(|config| config.admin_url = "mysql://x".into())).await, BootstrapError::AdminUrl(_)));
    let not_superuser =
        world.postgres.url("tessera_control", "control-of-a-throwaway-cluster", &world.bootstrap.database);
    let mut config = with(|_| ());
    config.admin_url = not_superuser.into();
    assert!(matches!(run(config).await, BootstrapError::NotSuperuser { .. }));
}

#[tokio::test]
async fn the_bare_login_role_can_do_nothing_with_a_tenant() {
    let world = World::start().await;
    let tenant = world.tenant("acme").await;
    let [live, test] = [0, 1].map(|index| tenant.environments[index].schema.quoted());
    for login in [&world.app, &world.worker] {
        check_isolation(login).await.unwrap();
        can_do_nothing(login, &live, &test).await;
    }
    // What jobs keep is theirs alone, and not to be rewritten.
    for refused in [
        "SELECT 1 FROM platform.environment_job".to_owned(),
        "SELECT 1 FROM platform.ledger_audit".to_owned(),
        inside(&live, "INSERT INTO platform.environment_job DEFAULT VALUES"),
    ] {
        assert_eq!(as_login(&world.app, &refused).await, "42501", "{refused}");
    }
    for refused in ["DELETE FROM platform.environment_job", "UPDATE platform.ledger_audit SET findings_count = 0"] {
        assert_eq!(as_login(&world.worker, refused).await, "42501", "{refused}");
    }
    let refused = inside(&live, "SELECT 1 FROM platform.environment_job");
    assert_eq!(as_login(&world.worker, &refused).await, "42501");
}

fn inside(schema: &str, statement: &str) -> String {
    format!("BEGIN; SET LOCAL ROLE {schema}; SET LOCAL search_path TO {schema}, pg_temp; {statement}")
}

async fn can_do_nothing(login: &Database, live: &str, test: &str) {
    for refused in [
        format!("SELECT 1 FROM {live}.customer"),
        format!("INSERT INTO {live}.customer DEFAULT VALUES"),
        format!("CREATE TABLE {live}.mine (x int)"),
        format!("SELECT 1 FROM {live}.seaql_migrations"),
        "CREATE TEMPORARY TABLE customer (x int)".to_owned(),
        "CREATE SCHEMA mine".to_owned(),
        "CREATE TABLE public.mine (x int)".to_owned(),
        "CREATE ROLE mine".to_owned(),
        "SET ROLE tessera_control".to_owned(),
        "UPDATE platform.tenant SET status = 'active'".to_owned(),
        "SELECT spec FROM platform.tenant".to_owned(),
        "SELECT 1 FROM platform.operation".to_owned(),
        "SELECT 1 FROM platform.audit_record".to_owned(),
    ] {
        assert_eq!(as_login(login, &refused).await, "42501", "{refused}");
    }
    for (statement, outcome) in [
        ("SELECT 1 FROM customer".to_owned(), "fine"),
        ("UPDATE ledger_account SET balance_minor = 0".to_owned(), "fine"),
        ("UPDATE ledger_transfer SET amount_minor = 1".to_owned(), "42501"),
        ("DELETE FROM ledger_transfer".to_owned(), "42501"),
        ("DELETE FROM audit_record".to_owned(), "42501"),
        ("UPDATE audit_record SET outcome = 'refused'".to_owned(), "42501"),
        ("DELETE FROM customer".to_owned(), "42501"),
        ("DROP TABLE customer".to_owned(), "42501"),
        ("CREATE TABLE mine (x int)".to_owned(), "42501"),
        ("CREATE TEMPORARY TABLE mine (x int)".to_owned(), "42501"),
        ("ALTER TABLE customer ADD COLUMN x int".to_owned(), "42501"),
        (format!("SELECT 1 FROM {test}.customer"), "42501"),
        ("SELECT 1 FROM platform.tenant".to_owned(), "42501"),
        ("SELECT 1 FROM seaql_migrations".to_owned(), "42501"),
    ] {
        assert_eq!(as_login(login, &inside(live, &statement)).await, outcome, "{statement}");
    }
}

/// A cluster and its tenants from before there was a worker.
#[tokio::test]
async fn an_older_cluster_is_brought_forward() {
    let alone = std::sync::Arc::new(stack::Postgres::throwaway().await.unwrap());
    let world = World::start_in(alone, config()).await;
    let tenant = world.tenant("acme").await;
    let [live, test] = [0, 1].map(|index| tenant.environments[index].schema.quoted());
    world.worker.pool().close().await;
    world
        .run(&format!(
            "DROP TABLE platform.environment_job, platform.ledger_audit; \
             DELETE FROM platform.seaql_migrations WHERE version = 'm0002_worker'; \
             REVOKE {live}, {test} FROM tessera_worker; DROP OWNED BY tessera_worker; DROP ROLE tessera_worker"
        ))
        .await;
    let error = bootstrap::migrate_platform(world.control.database()).await.unwrap_err();
    assert!(error.to_string().contains("run `tessera bootstrap`"), "{error}");
    let created = bootstrap::run(&world.bootstrap, &SystemEntropy).await.unwrap().created;
    assert_eq!(
        created,
        ["role tessera_worker", "platform migration m0002_worker", "2 environments for tessera_worker"]
    );
    let worker = world.another_worker().await;
    check_isolation(&worker).await.unwrap();
    for schema in [&live, &test] {
        assert_eq!(as_login(&worker, &inside(schema, "SELECT 1 FROM ledger_hold")).await, "fine");
    }
    assert_eq!(bootstrap::run(&world.bootstrap, &SystemEntropy).await.unwrap().created, Vec::<String>::new());
}

#[tokio::test]
async fn the_control_role_is_no_superuser() {
    let world = World::start().await;
    world.tenant("acme").await;
    let row = "SELECT concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls) \
               FROM pg_roles WHERE rolname = 'tessera_control'";
    assert_eq!(world.text(row).await, "f t f f f");
    let owner = "SELECT DISTINCT r.rolname::text FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner \
                 WHERE n.nspname LIKE 't\\_%'";
    assert_eq!(world.text(owner).await, "tessera_control");
}

/// Each hole, planted, is found.
#[tokio::test]
async fn the_self_check_finds_what_is_open() {
    let alone = std::sync::Arc::new(stack::Postgres::throwaway().await.unwrap());
    let world = World::start_in(alone, config()).await;
    let tenant = world.tenant("acme").await;
    let schema = tenant.environments[0].schema.quoted();
    check_isolation(&world.app).await.unwrap();
    let newer = world.count("SELECT (current_setting('server_version_num')::int >= 160000)::int::bigint").await == 1;
    let inherit = if newer {
        (
            format!("GRANT {schema} TO tessera_app WITH INHERIT TRUE"),
            format!("GRANT {schema} TO tessera_app WITH INHERIT FALSE"),
        )
    } else {
        ("ALTER ROLE tessera_app INHERIT".to_owned(), "ALTER ROLE tessera_app NOINHERIT".to_owned())
    };
    let database = world.bootstrap.database.clone();
    for ((plant, mend), expected) in [
        (inherit, "inherits"),
        (
            (
                format!("GRANT USAGE ON SCHEMA {schema} TO tessera_app"),
                format!("REVOKE ALL ON SCHEMA {schema} FROM tessera_app"),
            ),
            "can use schema",
        ),
        (
            (format!("GRANT USAGE ON SCHEMA {schema} TO PUBLIC"), format!("REVOKE ALL ON SCHEMA {schema} FROM PUBLIC")),
            "can use schema",
        ),
        (
            ("ALTER ROLE tessera_app BYPASSRLS".into(), "ALTER ROLE tessera_app NOBYPASSRLS".into()),
            "superuser, bypasses",
        ),
        (
            ("ALTER ROLE tessera_app SUPERUSER".into(), "ALTER ROLE tessera_app NOSUPERUSER".into()),
            "superuser, bypasses",
        ),
        (
            ("GRANT tessera_control TO tessera_app".into(), "REVOKE tessera_control FROM tessera_app".into()),
            "no tenant's role",
        ),
        (
            ("GRANT pg_read_all_data TO tessera_app".into(), "REVOKE pg_read_all_data FROM tessera_app".into()),
            "no tenant's role",
        ),
        (
            (
                format!("GRANT TEMPORARY ON DATABASE {database} TO PUBLIC"),
                format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC"),
            ),
            "temporary tables",
        ),
        (
            ("GRANT USAGE ON SCHEMA public TO PUBLIC".into(), "REVOKE USAGE ON SCHEMA public FROM PUBLIC".into()),
            "temporary tables",
        ),
    ] {
        world.run(&plant).await;
        let found: Result<(), IsolationError> = check_isolation(&world.app).await;
        let message = found.expect_err(&plant).to_string();
        // With INHERIT granted on a newer server the other finding may come first.
        assert!(message.contains(expected) || message.contains("inherits"), "{plant}: {message}");
        world.run(&mend).await;
        check_isolation(&world.app).await.unwrap_or_else(|error| panic!("after {mend}: {error}"));
    }
}

#[tokio::test]
async fn nobody_else_can_connect_to_the_database() {
    let world = World::start().await;
    let name = format!("stranger_{}", world.bootstrap.database);
    world.run(&format!("CREATE ROLE {name} LOGIN PASSWORD 'x'")).await;
    let url = world.postgres.url(&name, "x", &world.bootstrap.database);
    let error = PgConnection::connect(&url).await.unwrap_err();
    assert_eq!(error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(), Some("42501"));
}
