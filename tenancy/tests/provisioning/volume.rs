//! Many tenants. The figures are printed; run with `--ignored --nocapture` and, for figures that mean something, `--release`.

use std::time::Instant;

use serde_json::json;
use tenancy::provisioning::{ControlPlaneConfig, MigrationRequest, OperationState};

use crate::world::{World, call, config, ended, written};

const TENANTS: u128 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a while, and is there for its figures"]
async fn a_hundred_tenants_are_provisioned_and_brought_forward() {
    let old = ControlPlaneConfig { schema_version_max: Some("m0001_baseline".to_owned()), ..config() };
    let world = World::start_with(old).await;
    let mut single = Vec::new();
    for number in 0..5 {
        let started = Instant::now();
        world.tenant(&format!("single-{number}")).await;
        single.push(started.elapsed().as_millis());
    }
    println!("one tenant at a time, ms each: {single:?}");

    let specs = (0..TENANTS).map(|number| {
        world.spec_with(&format!("tenant-{number}"), |spec| {
            spec["issuer"] = json!({"url": world.issuers.url("many"), "shared": true, "algorithms": ["ES256"]});
        })
    });
    let plan = world.control.make_plan(specs.collect()).await.unwrap();
    let started = Instant::now();
    let applied = written(world.control.apply_plan(&call(), &plan).await.unwrap());
    let id = applied.operation.unwrap();
    while !world.control.operation(id).await.unwrap().state.is_final() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(world.ended(id).await.state, OperationState::Succeeded);
    let all = started.elapsed().as_millis();
    println!("{TENANTS} tenants by one plan: {all} ms, {} ms per tenant", all / TENANTS);

    for name in ["forward", "nothing to do"] {
        let started = Instant::now();
        let begun = written(world.control.start_migration(&call(), &MigrationRequest::default()).await.unwrap());
        let operation = ended(&world.control, begun.operation.unwrap()).await;
        assert_eq!(operation.state, OperationState::Succeeded);
        println!("{name}: {} environments in {} ms", operation.progress.total, started.elapsed().as_millis());
    }
    let started = Instant::now();
    tenancy::bootstrap::check_isolation(&world.app).await.unwrap();
    println!("isolation checked over all schemas in {} ms", started.elapsed().as_millis());
}
