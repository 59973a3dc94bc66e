//! A tenant from nothing to open.

use kernel::Mode;
use tenancy::{
    bootstrap::check_isolation,
    provisioning::{EnvironmentState, OperationState, TenantStatus},
};

use crate::world::{World, call, slug, written};

#[tokio::test]
async fn a_tenant_is_provisioned_and_open() {
    let world = World::start().await;
    let started = std::time::Instant::now();
    let created = written(world.control.create_tenant(&call(), world.spec("acme")).await.unwrap());
    assert!(created.changed);
    assert_eq!((created.action, created.object.status), ("created", TenantStatus::Provisioning));
    let operation = world.ended(created.operation.unwrap()).await;
    println!("both environments: {} ms", started.elapsed().as_millis());
    for step in &operation.steps {
        println!("{:>10} {:?} {} ms", step.name, step.mode, step.duration_ms);
    }
    assert_eq!(operation.state, OperationState::Succeeded, "{:?}", operation.error);
    assert_eq!((operation.progress.done, operation.progress.total, operation.progress.failed), (11, 11, 0));

    let tenant = world.control.tenant(&slug("acme")).await.unwrap();
    assert_eq!(tenant.status, TenantStatus::Active);
    assert_eq!(world.routable().await, ["acme/live", "acme/test"]);
    for mode in Mode::ALL {
        let environment = tenant.environment(mode).unwrap();
        assert_eq!(environment.state, EnvironmentState::Active);
        assert_eq!(
            environment.schema_version.as_deref(),
            migration::tenant::MIGRATIONS.last().map(|last| last.version)
        );
        let schema = environment.schema.quoted();
        assert_eq!(world.count(&format!("SELECT count(*) FROM {schema}.data_key WHERE retired_at IS NULL")).await, 2);
        let member = format!("SELECT role || ' ' || subject || ' ' || issuer FROM {schema}.member");
        assert_eq!(world.text(&member).await, format!("owner acme-owner {}", world.issuers.url("acme")));
    }
    check_isolation(&world.app).await.unwrap();
    assert_eq!(
        world.text("SELECT actor || ' ' || action || ' ' || outcome FROM platform.audit_record").await,
        "sam tenant.create succeeded"
    );
}

#[tokio::test]
async fn both_environments_take_their_steps_in_order_and_the_opening_is_last() {
    let world = World::start().await;
    let created = written(world.control.create_tenant(&call(), world.spec("acme")).await.unwrap());
    let operation = world.ended(created.operation.unwrap()).await;
    let steps = ["role", "schema", "migrated", "key", "policies"];
    for mode in Mode::ALL {
        let taken: Vec<_> =
            operation.steps.iter().filter(|step| step.mode == Some(mode)).map(|step| step.name.as_str()).collect();
        assert_eq!(taken, steps);
    }
    let last = operation.steps.last().unwrap();
    assert_eq!((last.name.as_str(), last.sequence), ("active", 11));
    assert!(operation.steps.iter().all(|step| step.outcome == "done" && step.tenant.as_deref() == Some("acme")));
}
