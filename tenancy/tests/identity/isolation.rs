//! The wall between tenants, from the inside: what the login role, and a transaction of one tenant, cannot do.

use std::sync::Arc;

use sqlx::AssertSqlSafe;
use tenancy::{CommitError, Environment, TenantTx};

use crate::{
    mint::Key,
    world::{Side, World},
};

async fn two_tenants() -> (World, Side, Side) {
    let world = World::start().await;
    let (_, issuer) = world.issuer("shared", &Key::p256("k1")).await;
    let (acme, globex) = (world.tenant("acme", issuer).await, world.tenant("globex", issuer).await);
    (world, acme.test, globex.test)
}

async fn environment(world: &World, side: &Side) -> Arc<Environment> {
    Arc::clone(world.directory.snapshot().await.unwrap().by_id(side.id).unwrap())
}

async fn execute(tx: &TenantTx, sql: String) -> Result<u64, String> {
    let work = tx.with_connection(move |connection| {
        Box::pin(async move { sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await })
    });
    let code = |error: sqlx::Error| error.as_database_error().unwrap().code().unwrap().into_owned();
    work.await.map(|done| done.rows_affected()).map_err(code)
}

#[tokio::test]
async fn the_bare_login_role_sees_no_tenant_table() {
    let (world, acme, _) = two_tenants().await;
    for sql in [
        format!("SELECT count(*) FROM {}.customer", acme.schema.quoted()),
        format!("INSERT INTO {}.policy_revision (revision) VALUES (7)", acme.schema.quoted()),
    ] {
        let error = sqlx::query(AssertSqlSafe(sql)).execute(world.database.pool()).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");
    }
    let error = sqlx::query("SELECT count(*) FROM customer").execute(world.database.pool()).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42P01", "no path leads to a tenant");
}

#[tokio::test]
async fn a_transaction_of_one_tenant_cannot_reach_another_or_the_platform_or_the_past() {
    let (world, acme, globex) = two_tenants().await;
    let acme = environment(&world, &acme).await;
    let foreign = globex.schema.quoted();
    for sql in [
        format!("SELECT count(*) FROM {foreign}.customer"),
        format!("UPDATE {foreign}.policy_revision SET revision = 9"),
        "SELECT count(*) FROM platform.tenant".to_owned(),
        "DELETE FROM audit_record".to_owned(),
        "UPDATE event SET type = ''".to_owned(),
        "UPDATE ledger_transfer SET amount_minor = 1".to_owned(),
        "DELETE FROM customer".to_owned(),
        "CREATE TABLE mine (id int)".to_owned(),
        "CREATE TEMPORARY TABLE customer (id int)".to_owned(),
        "CREATE TABLE public.mine (id int)".to_owned(),
        "ALTER TABLE customer ADD COLUMN more int".to_owned(),
        "DROP TABLE customer".to_owned(),
    ] {
        let tx = TenantTx::begin(&world.database, Arc::clone(&acme)).await.unwrap();
        assert_eq!(execute(&tx, sql.clone()).await, Err("42501".to_owned()), "{sql}");
    }
}

#[tokio::test]
async fn each_transaction_sees_its_own_rows_under_the_same_table_name() {
    let (world, acme, globex) = two_tenants().await;
    let (acme, globex) = (environment(&world, &acme).await, environment(&world, &globex).await);
    for (environment, revision) in [(&acme, 11), (&globex, 22)] {
        let tx = TenantTx::begin(&world.database, Arc::clone(environment)).await.unwrap();
        execute(&tx, format!("UPDATE policy_revision SET revision = {revision}")).await.unwrap();
        tx.commit(()).await.unwrap();
    }
    for (environment, revision) in [(&acme, 11_i64), (&globex, 22)] {
        let tx = TenantTx::begin(&world.database, Arc::clone(environment)).await.unwrap();
        let read = tx.with_connection(|connection| {
            let query = sqlx::query_scalar::<_, i64>("SELECT revision FROM policy_revision");
            Box::pin(async move { query.fetch_one(connection).await })
        });
        assert_eq!(read.await.unwrap(), revision);
    }
}

#[tokio::test]
async fn after_a_failed_statement_nothing_is_committed_and_the_caller_knows() {
    let (world, acme, _) = two_tenants().await;
    let acme = environment(&world, &acme).await;
    let tx = TenantTx::begin(&world.database, Arc::clone(&acme)).await.unwrap();
    execute(&tx, "UPDATE policy_revision SET revision = 99".to_owned()).await.unwrap();
    assert_eq!(execute(&tx, "SELECT 1/0".to_owned()).await, Err("22012".to_owned()));
    // Postgres itself would answer this COMMIT with a silent ROLLBACK.
    assert!(matches!(tx.commit(()).await, Err(CommitError::RolledBack(None))));
    let tx = TenantTx::begin(&world.database, acme).await.unwrap();
    assert_eq!(execute(&tx, "UPDATE policy_revision SET revision = 2 WHERE revision = 99".to_owned()).await, Ok(0));
}
