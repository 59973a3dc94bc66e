//! Leases, cancelling, resuming, and what a repeat hears.

use std::time::Duration;

use tenancy::provisioning::{ControlPlaneConfig, OperationFilter, OperationState, RefusalClass};
use tokio::time::sleep;

use crate::world::{KillAt, World, call, config, dry, ended, planned, refused, written};

#[tokio::test]
async fn an_operation_of_a_dead_process_is_nobodys_until_its_lease_expires() {
    let world = World::start().await;
    let killer = KillAt::new(4);
    let dying = world.observed(ControlPlaneConfig { lease: Duration::from_secs(1), ..config() }, killer.clone()).await;
    let id = written(dying.create_tenant(&call(), world.spec("acme")).await.unwrap()).operation.unwrap();
    while killer.death().is_none() {
        sleep(Duration::from_millis(5)).await;
    }
    dying.drain().await;
    let refusal = refused(world.control.resume_operation(&call(), id).await);
    assert_eq!((refusal.class, &*refusal.code), (RefusalClass::Conflict, "operation_running"));
    sleep(Duration::from_millis(1_100)).await;
    written(world.control.resume_operation(&call(), id).await.unwrap());
    assert_eq!(world.ended(id).await.state, OperationState::Succeeded);
    assert!(!written(world.control.resume_operation(&call(), id).await.unwrap()).changed);
}

#[tokio::test]
async fn a_cancelled_operation_stops_and_can_be_resumed() {
    let world = World::start().await;
    let killer = KillAt::new(3);
    let dying = world.observed(config(), killer.clone()).await;
    let id = written(dying.create_tenant(&call(), world.spec("acme")).await.unwrap()).operation.unwrap();
    while killer.death().is_none() {
        sleep(Duration::from_millis(5)).await;
    }
    dying.drain().await;
    assert_eq!(planned(world.control.cancel_operation(&dry(), id).await.unwrap()).len(), 1);
    let cancelled = written(world.control.cancel_operation(&call(), id).await.unwrap());
    assert_eq!((cancelled.action, cancelled.object.state), ("cancelled", OperationState::Cancelled));
    assert!(!written(world.control.cancel_operation(&call(), id).await.unwrap()).changed);
    assert_eq!(world.routable().await.len(), 0);
    written(world.control.resume_operation(&call(), id).await.unwrap());
    assert_eq!(world.ended(id).await.state, OperationState::Succeeded);
    let refusal = refused(world.control.cancel_operation(&call(), id).await);
    assert_eq!(&*refusal.code, "operation_finished");
}

#[tokio::test]
async fn a_process_that_lost_its_lease_writes_nothing_more() {
    let world = World::start().await;
    let slow = std::sync::Arc::new(SlowAt("schema"));
    let losing = world.observed(config(), slow).await;
    let id = written(losing.create_tenant(&call(), world.spec("acme")).await.unwrap()).operation.unwrap();
    sleep(Duration::from_millis(150)).await;
    // Somebody else takes it while the first is in the middle of a step.
    world.run("UPDATE platform.operation SET lease_owner = 'another', lease_expires_at = now() + interval '1 s'").await;
    losing.drain().await;
    let operation = losing.operation(id).await.unwrap();
    assert!(operation.steps.iter().all(|step| step.name == "role"), "{:?}", operation.steps);
    assert_eq!(world.count("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 't\\_%'").await, 0);
    sleep(Duration::from_secs(1)).await;
    written(world.control.resume_operation(&call(), id).await.unwrap());
    assert_eq!(ended(&world.control, id).await.state, OperationState::Succeeded);
}

#[tokio::test]
async fn operations_are_listed_newest_first_and_by_state() {
    let world = World::start().await;
    for name in ["alpha", "beta", "gamma"] {
        world.tenant(name).await;
    }
    let page = async |filter: OperationFilter| {
        let (operations, more) = world.control.operations(&filter).await.unwrap();
        (operations.into_iter().map(|operation| operation.target).collect::<Vec<_>>(), more)
    };
    let newest = OperationFilter { limit: 2, ..OperationFilter::default() };
    assert_eq!(page(newest).await, (vec!["gamma".to_owned(), "beta".to_owned()], true));
    let failed = OperationFilter { limit: 2, state: Some(OperationState::Failed), ..OperationFilter::default() };
    assert_eq!(page(failed).await, (Vec::new(), false));
    let unknown = kernel::OperationId::generate(&kernel::SystemClock, &kernel::SystemEntropy);
    assert_eq!(&*refused(world.control.operation(unknown).await).code, "operation_missing");
}

/// Blocks one step in the middle, long enough to lose the lease.
#[derive(Debug)]
struct SlowAt(&'static str);

impl tenancy::provisioning::StepObserver for SlowAt {
    fn observe(&self, event: &tenancy::provisioning::StepEvent<'_>) -> tenancy::provisioning::Verdict {
        if event.step == self.0 && event.moment == tenancy::provisioning::Moment::Starting {
            std::thread::sleep(Duration::from_millis(300));
        }
        tenancy::provisioning::Verdict::Continue
    }
}
