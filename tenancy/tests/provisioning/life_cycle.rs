//! Update, suspend, resume, offboard.

use keyring::KeyState;
use serde_json::json;
use tenancy::provisioning::{
    ControlError, OperationState, RefusalClass, Reply, StaffCall, Tenant, TenantStatus, TenantUpdate,
};

use crate::world::{World, call, dry, keyed, planned, refused, request, slug, written};

fn update(fields: serde_json::Value) -> TenantUpdate {
    serde_json::from_value(fields).unwrap()
}

#[tokio::test]
async fn an_update_changes_what_it_names_in_one_transaction() {
    let world = World::start().await;
    let tenant = world.tenant("acme").await;
    let acme = slug("acme");
    let change = update(json!({
        "plan": "gold", "members": [{"subject": "acme-owner", "role": "admin"}, {"subject": "bob", "role": "owner"}],
        "issuer": {"algorithms": ["ES256", "RS256"]},
    }));
    let fields: Vec<_> = planned(world.control.update_tenant(&dry(), &acme, &change).await.unwrap());
    let fields: Vec<_> = fields.into_iter().map(|(_, field)| field.unwrap()).collect();
    assert_eq!(fields, ["plan", "issuer[algorithms]", "members[acme-owner]", "members[bob]"]);
    assert_eq!(world.control.tenant(&acme).await.unwrap(), tenant, "a dry run changes nothing");

    let updated = written(world.control.update_tenant(&keyed("u"), &acme, &change).await.unwrap());
    assert_eq!((updated.action, updated.object.plan.as_str(), updated.object.revision), ("updated", "gold", 2));
    assert_eq!(updated.object.issuer.algorithms, ["ES256", "RS256"]);
    for environment in &tenant.environments {
        let members = "string_agg(subject || '=' || role, ' ' ORDER BY subject)";
        let members = format!("SELECT {members} FROM {}.member", environment.schema.quoted());
        assert_eq!(world.text(&members).await, "acme-owner=admin bob=owner");
    }
    let again = written(world.control.update_tenant(&keyed("u"), &acme, &change).await.unwrap());
    assert_eq!((again.operation, again.object.revision), (updated.operation, 2));
    let same = written(world.control.update_tenant(&call(), &acme, &change).await.unwrap());
    assert_eq!((same.changed, same.action), (false, "unchanged"));
    let refusal = refused(world.control.update_tenant(&call(), &acme, &update(json!({"name": ""}))).await);
    assert_eq!(refusal.param.as_deref(), Some("name"));
    let refusal = refused(world.control.update_tenant(&call(), &slug("nobody"), &change).await);
    assert_eq!((refusal.class, &*refusal.code), (RefusalClass::Missing, "tenant_missing"));
}

#[tokio::test]
async fn a_shared_issuer_is_not_changed_through_one_of_its_tenants() {
    let world = World::start().await;
    let url = world.issuers.url("many");
    for name in ["acme", "globex"] {
        let spec = world.spec_with(name, |spec| {
            spec["issuer"] = json!({"url": url, "shared": true, "algorithms": ["ES256"]});
        });
        let id = written(world.control.create_tenant(&call(), spec).await.unwrap()).operation.unwrap();
        assert_eq!(world.ended(id).await.state, OperationState::Succeeded);
    }
    let change = update(json!({"issuer": {"audience_live": "urn:other"}}));
    for call in [call(), dry()] {
        assert_eq!(&*refused(world.control.update_tenant(&call, &slug("acme"), &change).await).code, "issuer_shared");
    }
}

#[tokio::test]
async fn suspension_needs_a_reason_and_is_repeatable() {
    let world = World::start().await;
    world.tenant("acme").await;
    let acme = slug("acme");
    let unreasoned = StaffCall::new("sam", request());
    let refusal = refused(world.control.suspend_tenant(&unreasoned, &acme).await);
    assert_eq!((&*refusal.code, refusal.param.as_deref()), ("reason_required", Some("reason")));
    assert_eq!(
        planned(world.control.suspend_tenant(&dry(), &acme).await.unwrap()),
        [("suspend".to_owned(), Some("status".to_owned()))]
    );
    assert_eq!(world.routable().await.len(), 2);

    let suspended = written(world.control.suspend_tenant(&call(), &acme).await.unwrap());
    assert_eq!((suspended.action, suspended.object.status), ("suspended", TenantStatus::Suspended));
    assert_eq!(world.routable().await.len(), 0);
    assert!(!written(world.control.suspend_tenant(&call(), &acme).await.unwrap()).changed);
    let resumed = written(world.control.resume_tenant(&call(), &acme).await.unwrap());
    assert_eq!((resumed.action, resumed.object.status), ("resumed", TenantStatus::Active));
    assert_eq!(world.routable().await.len(), 2);
    let audit =
        "SELECT string_agg(concat_ws(' ', action, target, reason), ', ' ORDER BY id) FROM platform.audit_record";
    assert_eq!(
        world.text(audit).await,
        "tenant.create acme a test, tenant.suspend acme a test, tenant.resume acme a test"
    );
}

#[tokio::test]
async fn an_offboarded_tenant_is_refused_and_its_keys_wait_for_destruction() {
    let world = World::start().await;
    let tenant = world.tenant("acme").await;
    let acme = slug("acme");
    let refusal = refused(world.control.offboard_tenant(&call(), &acme, Some("globex")).await);
    assert_eq!(&*refusal.code, "confirmation_required");
    let offboarded = written(world.control.offboard_tenant(&call(), &acme, Some("acme")).await.unwrap());
    assert_eq!(offboarded.object.status, TenantStatus::Offboarded);
    assert_eq!(world.routable().await.len(), 0);
    let operation = world.ended(offboarded.operation.unwrap()).await;
    assert_eq!((operation.state, operation.progress.done), (OperationState::Succeeded, 4), "{:?}", operation.error);
    for key in world.control.kms_keys(&acme).await.unwrap() {
        assert_eq!(key.recorded, Some(KeyState::PendingDestruction { due_at: None }));
        assert!(matches!(key.actual, Ok(KeyState::PendingDestruction { .. })));
    }
    let schema = tenant.environments[0].schema.quoted();
    assert_eq!(world.count(&format!("SELECT count(*) FROM {schema}.member")).await, 1, "the schema is kept");
    let again = written(world.control.offboard_tenant(&call(), &acme, Some("acme")).await.unwrap());
    assert_eq!((again.changed, again.operation), (false, offboarded.operation));
    for refused_act in [
        world.control.suspend_tenant(&call(), &acme).await,
        world.control.resume_tenant(&call(), &acme).await,
        world.control.create_tenant(&call(), world.spec("acme")).await,
        world.control.update_tenant(&call(), &acme, &update(json!({"plan": "gold"}))).await,
    ] {
        let result: Result<Reply<Tenant>, ControlError> = refused_act;
        assert_eq!(&*refused(result).code, "tenant_offboarded");
    }
}

#[tokio::test]
async fn tenants_are_listed_newest_first_page_by_page() {
    use tenancy::provisioning::TenantFilter;
    let world = World::start().await;
    for name in ["alpha", "beta", "gamma"] {
        world.tenant(name).await;
    }
    let page = async |starting_after, limit| {
        let filter = TenantFilter { starting_after, limit, status: Some(TenantStatus::Active) };
        world.control.tenants(&filter).await.unwrap()
    };
    let (first, more) = page(None, 2).await;
    assert_eq!(
        (first.iter().map(|tenant| tenant.slug.as_str()).collect::<Vec<_>>(), more),
        (vec!["gamma", "beta"], true)
    );
    let (rest, more) = page(Some(first[1].id), 2).await;
    assert_eq!((rest.iter().map(|tenant| tenant.slug.as_str()).collect::<Vec<_>>(), more), (vec!["alpha"], false));
}
