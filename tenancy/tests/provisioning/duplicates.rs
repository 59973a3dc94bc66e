//! The same request twice, and two requests for the same thing.

use futures::future::join_all;
use serde_json::json;
use tenancy::provisioning::{ControlError, OperationState, RefusalClass, Reply};

use crate::world::{World, call, keyed, refused, written};

#[tokio::test]
async fn of_many_creations_of_one_tenant_at_once_one_happens() {
    let world = World::start().await;
    let attempts = (0..8).map(|_| async { world.control.create_tenant(&call(), world.spec("acme")).await.unwrap() });
    let written: Vec<_> = join_all(attempts).await.into_iter().map(written).collect();
    assert_eq!(written.iter().filter(|written| written.changed).count(), 1);
    assert!(written.iter().all(|written| written.object.id == written.object.environments[0].tenant));
    assert_eq!(world.count("SELECT count(*) FROM platform.tenant").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM platform.issuer").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM platform.operation").await, 1);
    let id = written.iter().find_map(|written| written.operation).unwrap();
    assert_eq!(world.ended(id).await.state, OperationState::Succeeded);
}

#[tokio::test]
async fn a_request_repeated_with_its_key_is_the_same_operation() {
    let world = World::start().await;
    let attempts = (0..8).map(|_| async { world.control.create_tenant(&keyed("once"), world.spec("acme")).await });
    let ids: Vec<_> =
        join_all(attempts).await.into_iter().map(|reply| written(reply.unwrap()).operation.unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    world.ended(ids[0]).await;
    let again = written(world.control.create_tenant(&keyed("once"), world.spec("acme")).await.unwrap());
    assert_eq!((again.operation, again.action), (Some(ids[0]), "created"));
    let other = refused(world.control.create_tenant(&keyed("once"), world.spec("globex")).await);
    assert_eq!((other.class, &*other.code), (RefusalClass::Idempotency, "idempotency_key_reused"));
}

#[tokio::test]
async fn the_same_specification_is_unchanged_and_another_is_a_conflict() {
    let world = World::start().await;
    world.tenant("acme").await;
    let before = world.traces().await;
    let same = written(world.control.create_tenant(&call(), world.spec("acme")).await.unwrap());
    assert!(!same.changed);
    assert_eq!(same.action, "unchanged");
    for change in ["name", "plan"] {
        let spec = world.spec_with("acme", |spec| spec[change] = json!("other"));
        let refusal = refused(world.control.create_tenant(&call(), spec).await);
        assert_eq!((refusal.class, &*refusal.code), (RefusalClass::Conflict, "tenant_exists_with_other_spec"));
        assert_eq!(refusal.param.as_deref(), Some(change));
    }
    assert_eq!(world.traces().await, before);
}

#[tokio::test]
async fn an_own_issuer_belongs_to_one_tenant_and_a_shared_one_to_many() {
    let world = World::start().await;
    let own = |name: &str| world.spec_with(name, |spec| spec["issuer"]["url"] = json!(world.issuers.url("one")));
    let (one, two) = (call(), call());
    let (first, second) =
        tokio::join!(world.control.create_tenant(&one, own("acme")), world.control.create_tenant(&two, own("globex")));
    let (happy, unhappy): (Vec<_>, Vec<_>) = [first, second].into_iter().partition(Result::is_ok);
    assert_eq!((happy.len(), unhappy.len()), (1, 1));
    for result in unhappy {
        let refusal = refused(result);
        assert_eq!((&*refusal.code, refusal.param.as_deref()), ("issuer_taken", Some("issuer[url]")));
    }
    let shared = |name: &str| {
        let url = world.issuers.url("many");
        world.spec_with(name, |spec| {
            spec["issuer"]["url"] = json!(url);
            spec["issuer"]["shared"] = json!(true);
        })
    };
    for name in ["initech", "hooli"] {
        assert!(matches!(world.control.create_tenant(&call(), shared(name)).await, Ok(Reply::Written(_))));
    }
    let differing = world.spec_with("umbrella", |spec| {
        spec["issuer"] = json!({"url": world.issuers.url("many"), "shared": true, "algorithms": ["RS256"]});
    });
    let refusal = refused(world.control.create_tenant(&call(), differing).await);
    assert_eq!((&*refusal.code, refusal.param.as_deref()), ("issuer_differs", Some("issuer[algorithms]")));
    let greedy = world.spec_with("umbrella", |spec| spec["issuer"]["url"] = json!(world.issuers.url("many")));
    let error: Result<_, ControlError> = world.control.create_tenant(&call(), greedy).await;
    assert_eq!(&*refused(error).code, "issuer_taken");
}
