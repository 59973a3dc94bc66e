//! Killed at every moment of every step, and taken up by the next process.

use std::time::Duration;

use tenancy::provisioning::{ControlPlaneConfig, OperationState, TenantStatus};
use tokio::time::{Instant, sleep};

use crate::world::{KillAt, PATIENCE, World, call, config, ended, slug, written};

fn quick() -> ControlPlaneConfig {
    ControlPlaneConfig { lease: Duration::from_millis(300), ..config() }
}

#[tokio::test]
async fn a_run_killed_at_any_moment_is_completed_by_the_next_process() {
    let world = World::start_with(quick()).await;
    let mut deaths = Vec::new();
    for number in 0.. {
        let name = format!("tenant-{number}");
        let killer = KillAt::new(number);
        let dying = world.observed(quick(), killer.clone()).await;
        let created = written(dying.create_tenant(&call(), world.spec(&name)).await.unwrap());
        let id = created.operation.unwrap();
        let deadline = Instant::now() + PATIENCE;
        let survived = loop {
            if killer.death().is_some() {
                break false;
            }
            if dying.operation(id).await.unwrap().state.is_final() {
                break true;
            }
            assert!(Instant::now() < deadline);
            sleep(Duration::from_millis(5)).await;
        };
        if survived {
            break;
        }
        dying.drain().await;
        let death = killer.death().unwrap();
        let half = world.control.tenant(&slug(&name)).await.unwrap();
        // Only a death after the last commit leaves an open tenant.
        assert_eq!(half.status == TenantStatus::Active, death == "active Committed", "{death}");
        assert_eq!(dying.operation(id).await.unwrap().state, OperationState::Running, "{death}");
        deaths.push(death);

        let next = world.another(quick()).await;
        next.start();
        let operation = ended(&next, id).await;
        next.drain().await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?} after {:?}", operation.error, deaths.last());
        let whole = world.control.tenant(&slug(&name)).await.unwrap();
        assert_eq!(whole.status, TenantStatus::Active);
        for environment in &whole.environments {
            let schema = environment.schema.quoted();
            for (table, rows) in [("data_key", 2), ("member", 1), ("policy_revision", 1), ("seaql_migrations", 2)] {
                let found = world.count(&format!("SELECT count(*) FROM {schema}.{table}")).await;
                assert_eq!(found, rows, "{table} after {:?}", deaths.last());
            }
        }
    }
    println!("{} deaths", deaths.len());
    for moment in [
        "role Starting",
        "role Uncommitted",
        "role Committed",
        "schema Starting",
        "schema Uncommitted",
        "migrated Uncommitted",
        "migrated Committed",
        "key Starting",
        "key Outside",
        "key Uncommitted",
        "key Committed",
        "policies Uncommitted",
        "active Starting",
        "active Uncommitted",
        "active Committed",
    ] {
        assert!(deaths.iter().any(|death| death == moment), "{moment} was not tried");
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
