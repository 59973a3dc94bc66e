//! Killed at every moment of every step, and taken up by the next process.

use std::time::Duration;

use kernel::OperationId;
use tenancy::provisioning::{ControlPlaneConfig, OperationState, TenantStatus};
use tokio::time::{Instant, sleep};

use crate::world::{KillWhen, PATIENCE, World, call, config, ended, slug, written};

fn quick() -> ControlPlaneConfig {
    ControlPlaneConfig { lease: Duration::from_millis(300), ..config() }
}

/// What one whole run goes through: every moment as often as it comes.
async fn moments(world: &World) -> Vec<String> {
    let recorder = KillWhen::never();
    let living = world.observed(quick(), recorder.clone()).await;
    let created = written(living.create_tenant(&call(), world.spec("whole")).await.unwrap());
    assert_eq!(ended(&living, created.operation.unwrap()).await.state, OperationState::Succeeded);
    living.drain().await;
    let mut moments = recorder.seen.lock().unwrap().clone();
    moments.sort();
    moments
}

#[tokio::test]
async fn a_run_killed_at_any_moment_is_completed_by_the_next_process() {
    let world = World::start_with(quick()).await;
    let moments = moments(&world).await;
    for moment in ["role Starting", "schema Uncommitted", "key Outside", "key Committed", "active Committed"] {
        assert!(moments.iter().any(|one| one == moment), "{moment} is no moment of {moments:?}");
    }
    for (number, death) in moments.iter().enumerate() {
        let occurrence = moments.iter().take(number).filter(|one| *one == death).count();
        let name = format!("tenant-{number}");
        let killer = KillWhen::new(death, occurrence);
        let dying = world.observed(quick(), killer.clone()).await;
        let created = written(dying.create_tenant(&call(), world.spec(&name)).await.unwrap());
        let id = created.operation.unwrap();
        let deadline = Instant::now() + PATIENCE;
        while !killer.is_dead() {
            assert!(Instant::now() < deadline, "{death} did not come a {occurrence}. time");
            sleep(Duration::from_millis(5)).await;
        }
        dying.drain().await;
        let half = world.control.tenant(&slug(&name)).await.unwrap();
        // Only a death after the last commit leaves an open tenant.
        assert_eq!(half.status == TenantStatus::Active, death == "active Committed", "{death}");
        assert_eq!(dying.operation(id).await.unwrap().state, OperationState::Running, "{death}");
        complete(&world, &name, id, death).await;
    }
    println!("{} deaths", moments.len());
}

/// Another process takes the operation up and leaves a whole tenant.
async fn complete(world: &World, name: &str, id: OperationId, death: &str) {
    let next = world.another(quick()).await;
    next.start();
    let operation = ended(&next, id).await;
    next.drain().await;
    assert_eq!(operation.state, OperationState::Succeeded, "{:?} after {death}", operation.error);
    let whole = world.control.tenant(&slug(name)).await.unwrap();
    assert_eq!(whole.status, TenantStatus::Active);
    let migrations = i64::try_from(migration::tenant::MIGRATIONS.len()).unwrap();
    for environment in &whole.environments {
        let schema = environment.schema.quoted();
        for (table, rows) in [("data_key", 2), ("member", 1), ("policy_revision", 1), ("seaql_migrations", migrations)]
        {
            let found = world.count(&format!("SELECT count(*) FROM {schema}.{table}")).await;
            assert_eq!(found, rows, "{table} after {death}");
        }
    }
}

#[tokio::test]
async fn a_process_that_is_told_to_end_gives_its_operations_back_at_once() {
    let world = World::start_with(ControlPlaneConfig { lease: Duration::from_mins(10), ..config() }).await;
    let long = ControlPlaneConfig { lease: Duration::from_mins(10), ..config() };
    let ending = world.another(long.clone()).await;
    let created = written(ending.create_tenant(&call(), world.spec("acme")).await.unwrap());
    ending.drain().await;
    let id = created.operation.unwrap();
    let next = world.another(long).await;
    next.start();
    assert_eq!(ended(&next, id).await.state, OperationState::Succeeded);
    next.drain().await;
}
