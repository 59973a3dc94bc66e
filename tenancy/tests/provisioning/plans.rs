//! Plans: computed, saved, applied exactly once.

use std::time::Duration;

use serde_json::json;
use tenancy::provisioning::{ControlPlaneConfig, OperationState, Plan, RefusalClass, TenantStatus, TenantUpdate};

use crate::world::{KillAt, World, call, config, dry, ended, planned, refused, slug, written};

fn fields(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .map(|change| format!("{} {} {}", change.action, change.tenant, change.field.as_deref().unwrap_or("-")))
        .collect()
}

#[tokio::test]
async fn a_plan_is_the_difference_and_applying_it_leaves_none() {
    let world = World::start().await;
    world.tenant("acme").await;
    let gold = world.spec_with("acme", |spec| {
        spec["plan"] = json!("gold");
        spec["members"] = json!([{"subject": "bob", "role": "owner"}]);
    });
    let specs = vec![gold.clone(), world.spec("globex"), world.spec("hooli")];
    let before = world.traces().await;
    let plan = world.control.make_plan(specs.clone()).await.unwrap();
    assert_eq!(world.traces().await, before, "planning changes nothing");
    assert_eq!(fields(&plan), ["update acme plan", "update acme members[bob]", "create globex -", "create hooli -"]);

    // As it comes back from a file.
    let plan: Plan = serde_json::from_str(&serde_json::to_string_pretty(&plan).unwrap()).unwrap();
    assert_eq!(planned(world.control.apply_plan(&dry(), &plan).await.unwrap()).len(), 4);
    let applied = written(world.control.apply_plan(&call(), &plan).await.unwrap());
    assert_eq!((applied.changed, applied.action), (true, "applying"));
    let operation = world.ended(applied.operation.unwrap()).await;
    assert_eq!(operation.state, OperationState::Succeeded, "{:?} {:?}", operation.error, operation.steps);
    assert_eq!((operation.progress.done, operation.progress.total), (3, 3));
    assert_eq!(world.control.tenant(&slug("acme")).await.unwrap().plan, "gold");
    assert_eq!(world.routable().await.len(), 6);

    let again = written(world.control.apply_plan(&call(), &plan).await.unwrap());
    assert_eq!((again.changed, again.action, again.operation), (false, "unchanged", applied.operation));
    let next = world.control.make_plan(specs).await.unwrap();
    assert!(next.changes.is_empty());
    assert_eq!(written(world.control.apply_plan(&call(), &next).await.unwrap()).operation, None);
}

#[tokio::test]
async fn a_changed_or_stale_plan_is_refused() {
    let world = World::start().await;
    world.tenant("acme").await;
    let plan = world.control.make_plan(vec![world.spec("globex")]).await.unwrap();
    let mut forged = plan.clone();
    forged.changes[0].tenant = "hooli".to_owned();
    let refusal = refused(world.control.apply_plan(&call(), &forged).await);
    assert_eq!((refusal.class, &*refusal.code), (RefusalClass::Invalid, "plan_checksum"));
    let update: TenantUpdate = serde_json::from_value(json!({"plan": "gold"})).unwrap();
    written(world.control.update_tenant(&call(), &slug("acme"), &update).await.unwrap());
    let refusal = refused(world.control.apply_plan(&call(), &plan).await);
    assert_eq!((refusal.class, &*refusal.code), (RefusalClass::Conflict, "plan_stale"));
    assert_eq!(&*refused(world.control.tenant(&slug("globex")).await).code, "tenant_missing");
}

#[tokio::test]
async fn a_plan_names_the_item_that_does_not_do() {
    let world = World::start().await;
    let good = world.spec("acme");
    let twice = vec![good.clone(), good.clone()];
    let refusal = refused(world.control.make_plan(twice).await);
    assert_eq!((&*refusal.code, refusal.param.as_deref()), ("slug_repeated", Some("tenants[1][slug]")));
    let shares = world.spec_with("globex", |spec| spec["issuer"]["url"] = json!(world.issuers.url("acme")));
    let refusal = refused(world.control.make_plan(vec![good.clone(), shares]).await);
    assert_eq!((&*refusal.code, refusal.param.as_deref()), ("issuer_taken", Some("tenants[1][issuer][url]")));
    let down = world.spec_with("globex", |spec| spec["issuer"]["url"] = json!(world.issuers.url("down")));
    let refusal = refused(world.control.make_plan(vec![good.clone(), down]).await);
    assert_eq!((&*refusal.code, refusal.param.as_deref()), ("issuer_unreachable", Some("tenants[1][issuer][url]")));
    let bad = world.spec_with("globex", |spec| spec["name"] = json!(""));
    let refusal = refused(world.control.make_plan(vec![good, bad]).await);
    assert_eq!((&*refusal.code, refusal.param.as_deref()), ("name_invalid", Some("tenants[1][name]")));
}

#[tokio::test]
async fn a_killed_application_goes_on_where_it_was() {
    let quick = || ControlPlaneConfig { lease: Duration::from_millis(400), ..config() };
    let world = World::start_with(quick()).await;
    for (round, number) in [0, 7, 20, 40, 65].into_iter().enumerate() {
        let names = [format!("one-{round}"), format!("two-{round}")];
        let plan = world.control.make_plan(names.iter().map(|name| world.spec(name)).collect()).await.unwrap();
        let killer = KillAt::new(number);
        let dying = world.observed(quick(), killer.clone()).await;
        let id = written(dying.apply_plan(&call(), &plan).await.unwrap()).operation.unwrap();
        while killer.death().is_none() && !dying.operation(id).await.unwrap().state.is_final() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        dying.drain().await;
        let next = world.another(quick()).await;
        next.start();
        let operation = ended(&next, id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{number} {:?} {:?}", killer.death(), operation.error);
        let again = written(next.apply_plan(&call(), &plan).await.unwrap());
        assert_eq!((again.changed, again.operation), (false, Some(id)));
        next.drain().await;
        for name in names {
            assert_eq!(world.control.tenant(&slug(&name)).await.unwrap().status, TenantStatus::Active);
        }
    }
}
