//! Schemas brought forward: canaries, a failure among many, resuming, and one migrator at a time.

use std::time::{Duration, Instant};

use kernel::Mode;
use serde_json::json;
use tenancy::provisioning::{ControlPlaneConfig, MigrationRequest, Operation, OperationState};

use crate::world::{KillAt, World, call, config, dry, ended, planned, refused, slug, written};

const OLD: &str = "m0004_fx";
const NEW: &str = "m0005_wallet_transfers_by_hold";

fn pinned() -> ControlPlaneConfig {
    ControlPlaneConfig { schema_version_max: Some(OLD.to_owned()), lease: Duration::from_millis(500), ..config() }
}

async fn old_tenants(count: usize) -> World {
    let world = World::start_with(pinned()).await;
    for number in 0..count {
        let tenant = world.tenant(&format!("tenant-{number}")).await;
        assert!(tenant.environments.iter().all(|environment| environment.schema_version.as_deref() == Some(OLD)));
    }
    world
}

/// To the version that these tests are about, which later ones may follow.
fn to_new() -> MigrationRequest {
    MigrationRequest { version_max: Some(NEW.to_owned()), ..MigrationRequest::default() }
}

async fn migrate(world: &World, request: serde_json::Value) -> Operation {
    let mut request: MigrationRequest = serde_json::from_value(request).unwrap();
    request.version_max.get_or_insert_with(|| NEW.to_owned());
    let started = written(world.control.start_migration(&call(), &request).await.unwrap());
    world.ended(started.operation.unwrap()).await
}

/// An index of the new migration's name is in the way in one schema.
async fn obstruct(world: &World, tenant: &str, mode: Mode) -> String {
    let tenant = world.control.tenant(&slug(tenant)).await.unwrap();
    let schema = tenant.environment(mode).unwrap().schema.quoted();
    world.run(&format!("CREATE INDEX wallet_transfer_hold ON {schema}.wallet_transfer (id)")).await;
    schema
}

async fn versions(world: &World) -> Vec<String> {
    let sql = "SELECT DISTINCT schema_version FROM platform.environment ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(&world.admin).await.unwrap()
}

#[tokio::test]
async fn one_failure_among_many_is_partial_and_resumes() {
    let world = old_tenants(8).await;
    let schema = obstruct(&world, "tenant-5", Mode::Live).await;
    let operation = migrate(&world, json!({})).await;
    assert_eq!(operation.state, OperationState::Partial);
    assert_eq!((operation.progress.done, operation.progress.failed, operation.progress.total), (15, 1, 16));
    let error = operation.error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("environments_failed", "1 of 16 environments failed: tenant-5/live.")
    );
    let failed: Vec<_> = operation.steps.iter().filter(|step| step.outcome == "failed").collect();
    assert_eq!((failed.len(), failed[0].tenant.as_deref(), failed[0].mode), (1, Some("tenant-5"), Some(Mode::Live)));
    assert!(failed[0].detail.as_deref().unwrap().contains("already exists"));
    assert_eq!(versions(&world).await, [OLD, NEW]);

    world.run(&format!("DROP INDEX {schema}.wallet_transfer_hold")).await;
    written(world.control.resume_operation(&call(), operation.id).await.unwrap());
    let operation = world.ended(operation.id).await;
    assert_eq!(
        (operation.state, operation.progress.done, operation.progress.failed),
        (OperationState::Succeeded, 16, 0)
    );
    assert_eq!(operation.steps.len(), 17, "what was done is not done again");
    assert_eq!(versions(&world).await, [NEW]);
    tenancy::bootstrap::check_isolation(&world.app).await.unwrap();
}

#[tokio::test]
async fn a_failing_canary_protects_the_others() {
    let world = old_tenants(3).await;
    // Sandboxes go first, the oldest tenant's before the others'.
    obstruct(&world, "tenant-0", Mode::Test).await;
    let operation = migrate(&world, json!({"canary": 1})).await;
    assert_eq!(operation.state, OperationState::Failed);
    assert_eq!(operation.error.unwrap().code, "canary_failed");
    assert_eq!(operation.steps.len(), 1);
    assert_eq!(versions(&world).await, [OLD]);
}

#[tokio::test]
async fn nothing_to_do_is_quick_and_a_version_can_be_asked_for() {
    let world = old_tenants(3).await;
    let operation = migrate(&world, json!({"version_max": OLD})).await;
    assert_eq!((operation.state, operation.progress.done), (OperationState::Succeeded, 6));
    assert!(operation.steps.iter().all(|step| step.outcome == "unchanged"));
    let some = migrate(&world, json!({"tenants": ["tenant-1"]})).await;
    assert_eq!((some.state, some.progress.total), (OperationState::Succeeded, 2));
    assert_eq!(versions(&world).await, [OLD, NEW]);
    let to_do = planned(world.control.start_migration(&dry(), &to_new()).await.unwrap());
    assert_eq!(to_do.len(), 4);
    assert_eq!(migrate(&world, json!({})).await.state, OperationState::Succeeded);
    let started = Instant::now();
    let nothing = migrate(&world, json!({})).await;
    println!("nothing to do for 6 environments: {} ms", started.elapsed().as_millis());
    assert_eq!((nothing.state, nothing.progress.done), (OperationState::Succeeded, 6));
    assert!(nothing.steps.iter().all(|step| step.outcome == "unchanged"));
}

#[tokio::test]
async fn wrong_requests_are_refused_by_field() {
    let world = old_tenants(1).await;
    for (request, code, param) in [
        (json!({"parallel": 0}), "parameter_invalid", "parallel"),
        (json!({"parallel": 17}), "parameter_invalid", "parallel"),
        (json!({"canary": 101}), "parameter_invalid", "canary"),
        (json!({"version_max": "m9999"}), "version_unknown", "version_max"),
        (json!({"tenants": ["tenant-0", "nobody"]}), "tenant_missing", "tenants[1]"),
    ] {
        let parsed: MigrationRequest = serde_json::from_value(request.clone()).unwrap();
        let refusal = refused(world.control.start_migration(&call(), &parsed).await);
        assert_eq!((&*refusal.code, refusal.param.as_deref()), (code, Some(param)), "{request}");
    }
}

#[tokio::test]
async fn one_migration_at_a_time() {
    let world = old_tenants(2).await;
    let mut holder = world.admin.acquire().await.unwrap();
    // Another migrator, of a process that knows no operations.
    sqlx::raw_sql("SELECT pg_advisory_lock(7883946363647717234)").execute(&mut *holder).await.unwrap();
    let first = written(world.control.start_migration(&call(), &to_new()).await.unwrap());
    let refusal = refused(world.control.start_migration(&call(), &to_new()).await);
    assert_eq!(&*refusal.code, "migration_running");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(versions(&world).await, [OLD], "it waits for its turn");
    sqlx::raw_sql("SELECT pg_advisory_unlock(7883946363647717234)").execute(&mut *holder).await.unwrap();
    assert_eq!(world.ended(first.operation.unwrap()).await.state, OperationState::Succeeded);
    assert_eq!(versions(&world).await, [NEW]);
}

#[tokio::test]
async fn a_killed_migration_is_completed_by_the_next_process() {
    let world = old_tenants(3).await;
    // 18 moments of 6 environments.
    for number in [0, 1, 2, 5, 9, 14, 17] {
        world
            .run(
                "DO $$ DECLARE s text; BEGIN \
                 FOR s IN SELECT schema_name FROM platform.environment LOOP \
                   EXECUTE format('DROP INDEX IF EXISTS %1$I.wallet_transfer_hold, %1$I.wallet_transfer_reverses', s); \
                   EXECUTE format('DELETE FROM %I.seaql_migrations WHERE version LIKE ''m0005%%''', s); \
                 END LOOP; UPDATE platform.environment SET schema_version = 'm0004_fx'; END $$",
            )
            .await;
        let killer = KillAt::new(number);
        let dying = world.observed(pinned(), killer.clone()).await;
        let request: MigrationRequest = serde_json::from_value(json!({"parallel": 2, "version_max": NEW})).unwrap();
        let id = written(dying.start_migration(&call(), &request).await.unwrap()).operation.unwrap();
        while killer.death().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        dying.drain().await;
        let next = world.another(pinned()).await;
        next.start();
        let operation = ended(&next, id).await;
        next.drain().await;
        assert_eq!(operation.state, OperationState::Succeeded, "{number}: {:?}", operation.error);
        assert_eq!((operation.progress.done, operation.progress.total), (6, 6), "{number}");
        assert_eq!(versions(&world).await, [NEW], "{number}");
    }
}

/// A long transaction in the way: short waits, tried again, and it passes.
#[tokio::test]
async fn a_lock_in_the_way_is_waited_for_in_short_turns() {
    let world = old_tenants(1).await;
    let tenant = world.control.tenant(&slug("tenant-0")).await.unwrap();
    let schema = tenant.environment(Mode::Live).unwrap().schema.quoted();
    let mut holder = world.admin.begin().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("LOCK TABLE {schema}.wallet_transfer IN ROW EXCLUSIVE MODE")))
        .execute(&mut *holder)
        .await
        .unwrap();
    let id = written(world.control.start_migration(&call(), &to_new()).await.unwrap()).operation.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    holder.rollback().await.unwrap();
    assert_eq!(world.ended(id).await.state, OperationState::Succeeded);
}
