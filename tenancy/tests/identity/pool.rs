//! Connections handed back dirty, with the healing hook and without it: each guard is shown to be needed.

use std::{sync::Arc, time::Duration};

use futures::poll;
use sqlx::{Connection as _, Executor as _, PgPool, postgres::PgPoolOptions};
use tenancy::{Database, DatabaseConfig, TenantTx};

use crate::{mint::Key, world::World};

const CONNECTIONS: u32 = 2;

/// A pool of two with the hook, as every process has it.
async fn healed(world: &World) -> Database {
    let config = DatabaseConfig {
        url: world.app_url.clone().into(),
        connections_max: CONNECTIONS,
        acquire_timeout: Duration::from_secs(5),
        application_name: "pool-test",
    };
    Database::connect(&config).await.unwrap()
}

/// A pool of two without the hook; sqlx's own ping is on.
async fn plain(world: &World) -> PgPool {
    PgPoolOptions::new().max_connections(CONNECTIONS).connect(&world.app_url).await.unwrap()
}

/// A table the login role may write outside any transaction of a tenant.
async fn with_probe() -> World {
    let world = World::start().await;
    world.run("CREATE TABLE platform.probe (id int); GRANT SELECT, INSERT ON platform.probe TO tessera_app").await;
    world
}

/// Drops a `begin` whose BEGIN is on its way to the server. The server answers late, because it is held for the
/// moment: else the reply may be there before one looks.
async fn cancel_a_begin(pool: &PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *connection).await.unwrap();
    let backend = rustix::process::Pid::from_raw(backend).unwrap();
    rustix::process::kill_process(backend, rustix::process::Signal::STOP).unwrap();
    {
        let mut begin = std::pin::pin!(connection.begin());
        assert!(poll!(begin.as_mut()).is_pending(), "a held server does not answer");
    }
    rustix::process::kill_process(backend, rustix::process::Signal::CONT).unwrap();
    drop(connection);
}

/// How many rows that were reported as written are not there in the end.
async fn acknowledged_writes_lost(world: &World, pool: &PgPool) -> i64 {
    let mut acknowledged = 0;
    for id in 0..20 {
        if id % 4 == 0 {
            cancel_a_begin(pool).await;
        }
        acknowledged +=
            i64::from(sqlx::query("INSERT INTO platform.probe VALUES ($1)").bind(id).execute(pool).await.is_ok());
    }
    pool.close().await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM platform.probe").fetch_one(&world.admin).await.unwrap();
    acknowledged - kept
}

#[tokio::test]
async fn a_cancelled_begin_loses_no_acknowledged_write() {
    let world = with_probe().await;
    assert_eq!(acknowledged_writes_lost(&world, healed(&world).await.pool()).await, 0);
}

#[tokio::test]
async fn without_the_hook_a_cancelled_begin_loses_acknowledged_writes() {
    let world = with_probe().await;
    assert!(acknowledged_writes_lost(&world, &plain(&world).await).await > 0, "has sqlx mended it? then say so");
}

#[tokio::test]
async fn a_role_left_behind_is_put_off_before_the_next_borrower() {
    let world = World::start().await;
    let (_, issuer) = world.issuer("shared", &Key::p256("k1")).await;
    let acme = world.tenant("acme", issuer).await;
    let leave_behind = format!("SET ROLE {0}; SET search_path TO {0}", acme.test.schema.quoted());
    let database = healed(&world).await;
    assert_eq!(whoami_after(database.pool(), &leave_behind).await, ("tessera_app".to_owned(), "pg_catalog".to_owned()));
    let (user, path) = whoami_after(&plain(&world).await, &leave_behind).await;
    assert_eq!((user.as_str(), path.as_str()), (acme.test.schema.as_str(), acme.test.schema.as_str()));
    // What RESET ALL alone would have left.
    let reset = format!("{leave_behind}; RESET ALL");
    assert_eq!(whoami_after(&plain(&world).await, &reset).await.0, acme.test.schema.as_str());
}

async fn whoami_after(pool: &PgPool, sql: &str) -> (String, String) {
    // Both connections, so that it does not matter which one comes back.
    let (mut first, mut second) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    for connection in [&mut first, &mut second] {
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.unwrap();
    }
    drop((first, second));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let row = sqlx::query_as("SELECT current_user::text, current_setting('search_path')").fetch_one(pool).await;
    row.unwrap()
}

#[tokio::test]
async fn a_finished_transaction_leaves_neither_role_nor_path_on_its_connection() {
    let world = World::start().await;
    let (_, issuer) = world.issuer("shared", &Key::p256("k1")).await;
    let acme = world.tenant("acme", issuer).await;
    let environment = Arc::clone(world.directory.snapshot().await.unwrap().by_id(acme.test.id).unwrap());
    let database = healed(&world).await;
    TenantTx::begin(&database, Arc::clone(&environment)).await.unwrap().commit(()).await.unwrap();
    // Dropped, not committed: the rollback happens while it is handed back.
    drop(TenantTx::begin(&database, environment).await.unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    // This way of borrowing does not run the hook, so it shows what was left behind.
    while let Some(mut connection) = database.pool().try_acquire() {
        let row = sqlx::query_as("SELECT current_user::text, current_setting('search_path')");
        let left: (String, String) = row.fetch_one(&mut *connection).await.unwrap();
        assert_eq!(left, ("tessera_app".to_owned(), "pg_catalog".to_owned()));
        connection.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_aborted_transaction_is_not_served_to_the_next_borrower() {
    let world = World::start().await;
    let abort = async |pool: &PgPool| {
        let (mut first, mut second) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
        for connection in [&mut first, &mut second] {
            assert!(connection.execute(sqlx::raw_sql("BEGIN; SELECT 1/0")).await.is_err());
        }
        drop((first, second));
        tokio::time::sleep(Duration::from_millis(50)).await;
        sqlx::query("SELECT 1").execute(pool).await.map(|_| ()).map_err(|error| error.to_string())
    };
    let database = healed(&world).await;
    assert_eq!(abort(database.pool()).await, Ok(()));
    assert!(database.connections_discarded() > 0);
    let without = abort(&plain(&world).await).await;
    assert!(without.is_err_and(|error| error.contains("current transaction is aborted")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_cancelled_transactions_leave_a_pool_of_two_as_good_as_new() {
    let world = World::start().await;
    let (_, issuer) = world.issuer("shared", &Key::p256("k1")).await;
    let tenants = [world.tenant("acme", issuer).await, world.tenant("globex", issuer).await];
    let snapshot = world.directory.snapshot().await.unwrap();
    let database = healed(&world).await;
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..8_u64 {
        let (database, snapshot) = (database.clone(), Arc::clone(&snapshot));
        let ids = [tenants[0].test.id, tenants[1].test.id];
        tasks.spawn(async move {
            let mut acknowledged = [0_i64; 2];
            for round in 0..250_u64 {
                let which = usize::from((lane + round) % 2 == 1);
                let environment = Arc::clone(snapshot.by_id(ids[which]).unwrap());
                let unit = async {
                    let tx = TenantTx::begin(&database, environment).await.ok()?;
                    let add = tx.with_connection(|connection| {
                        Box::pin(async move {
                            sqlx::query("UPDATE policy_revision SET revision = revision + 1").execute(connection).await
                        })
                    });
                    add.await.ok()?;
                    tx.commit(()).await.ok()
                };
                // Most are cut somewhere in the middle: waiting, beginning, working or committing.
                let patience = match round % 10 {
                    0 => Duration::from_secs(30),
                    _ => Duration::from_micros((round * 37 + lane * 11) % 10_000),
                };
                if tokio::time::timeout(patience, unit).await.is_ok_and(|done| done.is_some()) {
                    acknowledged[which] += 1;
                }
            }
            acknowledged
        });
    }
    let lanes = tasks.join_all().await;
    for (which, tenant) in tenants.iter().enumerate() {
        let acknowledged: i64 = lanes.iter().map(|lane| lane[which]).sum();
        let sql = format!("SELECT revision - 1 FROM {}.policy_revision", tenant.test.schema.quoted());
        let kept: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&world.admin).await.unwrap();
        assert!(kept >= acknowledged, "{}: {acknowledged} acknowledged, {kept} kept", tenant.slug);
        assert!(acknowledged > 0, "some must have got through");
    }
    for tenant in &tenants {
        for _ in 0..4 {
            let environment = Arc::clone(snapshot.by_id(tenant.test.id).unwrap());
            // In debug builds `begin` itself checks role and path.
            TenantTx::begin(&database, environment).await.unwrap().commit(()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_transaction_heals_what_it_begins_on_and_replaces_what_is_past_healing() {
    let world = World::start().await;
    let (_, issuer) = world.issuer("shared", &Key::p256("k1")).await;
    let acme = world.tenant("acme", issuer).await;
    let environment = Arc::clone(world.directory.snapshot().await.unwrap().by_id(acme.test.id).unwrap());
    let schema = acme.test.schema.quoted();
    let open_under_a_role = format!("BEGIN; SET LOCAL statement_timeout = 1; SET ROLE {schema}");
    for dirt in [open_under_a_role.as_str(), "BEGIN; SELECT 1/0", "SELECT pg_terminate_backend(pg_backend_pid())"] {
        let database = healed(&world).await;
        let (mut first, mut second) =
            (database.pool().acquire().await.unwrap(), database.pool().acquire().await.unwrap());
        for connection in [&mut first, &mut second] {
            let _some_of_it_fails = connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(dirt))).await;
        }
        drop((first, second));
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..4 {
            let tx = TenantTx::begin(&database, Arc::clone(&environment)).await.unwrap();
            let limit = tx.with_connection::<String, _>(|connection| {
                Box::pin(async move { sqlx::query_scalar("SHOW statement_timeout").fetch_one(connection).await })
            });
            assert_eq!(limit.await.unwrap(), "15s".to_owned(), "{dirt}");
            tx.commit(()).await.unwrap();
        }
    }
}
