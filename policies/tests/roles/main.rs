//! Roles that a tenant defines, on a real Postgres: written, read back, in force, guarded.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod world;

use std::time::Duration;

use policies::{
    Attributes, CreateWallet, CreateWalletTransfer, DeleteRole, ListRoles, Refusal, RetrieveRole, Subject,
    role::{self, RoleError},
};
use serde_json::json;
use tenancy::TenantTx;
use tokio::time::{sleep, timeout};
use world::{World, run};

fn may_create_wallet(world: &World, role: &str) -> impl Future<Output = Result<(), &'static str>> {
    let (policies, cashier) = (world.policies.clone(), Subject::tenant(world.live.id, role));
    async move {
        let permit = policies.permit::<CreateWallet>(&cashier, &Attributes::unknown()).await;
        permit.map(|_| ()).map_err(|refusal| refusal.code())
    }
}

#[tokio::test]
async fn a_role_lives_from_its_definition_to_its_removal() {
    let mut world = World::start().await;
    assert_eq!(may_create_wallet(&world, "cashier").await, Err("unknown_role"));

    let conditions = json!({"amount_max": 50_000, "currency": ["eur"]});
    let rules = [
        json!({"object": "wallet", "action": "create"}),
        json!({"object": "wallet_transfer", "action": "create", "conditions": conditions}),
    ];
    let made = world.create("owner", "cashier", &rules).await.unwrap();
    assert_eq!((made.name.as_str(), made.built_in, made.rules.len()), ("cashier", false, 2));
    assert_eq!(serde_json::to_value(&made.rules[1].conditions).unwrap(), conditions);
    assert_eq!(world.revision().await, 2);
    assert_eq!(may_create_wallet(&world, "cashier").await, Ok(()));
    let cashier = Subject::tenant(world.live.id, "cashier");
    for (amount, allowed) in [(50_000, true), (50_001, false)] {
        let facts = serde_json::from_value(json!({"amount": amount, "currency": "eur"})).unwrap();
        let permit = world.policies.permit::<CreateWalletTransfer>(&cashier, &facts).await;
        assert_eq!(permit.is_ok(), allowed, "{amount}");
    }

    // The tenant's other environment knows nothing of it.
    let elsewhere = Subject::tenant(world.test.id, "cashier");
    let refusal = world.policies.permit::<CreateWallet>(&elsewhere, &Attributes::unknown()).await.unwrap_err();
    assert_eq!(refusal.code(), "unknown_role");

    let kept = made.rules[1].id;
    let changed = world.update("admin", "cashier", &rules[1..]).await.unwrap();
    assert_eq!((changed.rules.len(), changed.rules[0].id), (1, kept), "a rule that stays keeps its identifier");
    assert_eq!(changed.description, "at the till");
    assert_eq!(may_create_wallet(&world, "cashier").await, Err("no_rule"));

    let tx = world.begin().await;
    let all = role::list(&tx, &world.permit::<ListRoles>("owner").await).await.unwrap();
    assert_eq!(
        all.iter().map(|role| role.name.as_str()).collect::<Vec<_>>(),
        ["owner", "admin", "operator", "analyst", "read_only", "customer", "cashier"]
    );
    assert_eq!(all[6], changed);
    let permit = world.permit::<RetrieveRole>("admin").await;
    assert_eq!(role::retrieve(&tx, &permit, "cashier").await.unwrap(), changed);
    assert!(role::retrieve(&tx, &permit, "customer").await.unwrap().built_in);
    for absent in ["clerk", "staff_admin", "ca*", "", "a\";drop table role"] {
        assert!(matches!(role::retrieve(&tx, &permit, absent).await, Err(RoleError::NotFound)), "{absent}");
    }
    drop(tx);

    world.delete("admin", "cashier").await.unwrap();
    assert_eq!(world.revision().await, 4);
    assert_eq!(may_create_wallet(&world, "cashier").await, Err("unknown_role"));
    assert!(matches!(world.delete("admin", "cashier").await, Err(RoleError::NotFound)));
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_by_field_and_writes_nothing() {
    let mut world = World::start().await;
    let rule = json!({"object": "wallet", "action": "list"});
    world.create("owner", "cashier", std::slice::from_ref(&rule)).await.unwrap();
    let revision = world.revision().await;

    let many = |count: usize| {
        (0..count).map(|n| json!({"object": "wallet", "action": "list", "conditions": {"hours": {"from": n % 24, "to": (n % 24) + 1}}})).collect::<Vec<_>>()
    };
    let cases = [
        ("ca", vec![], "name"),
        ("Cashier", vec![], "name"),
        ("ca*", vec![], "name"),
        ("a::b", vec![], "name"),
        ("owner", vec![], "name"),
        ("staff_root", vec![], "name"),
        ("clerk", vec![json!({"object": "wallet*", "action": "list"})], "rules[0][object]"),
        ("clerk", vec![json!({"object": "tenant", "action": "list"})], "rules[0][object]"),
        ("clerk", vec![rule.clone(), json!({"object": "wallet", "action": "burn"})], "rules[1][action]"),
        ("clerk", vec![rule.clone(), rule.clone()], "rules[1]"),
        ("clerk", many(9), "rules[8]"),
        ("clerk", many(65), "rules"),
        (
            "clerk",
            vec![json!({"object": "wallet", "action": "list", "conditions": {"sql": "1=1"}})],
            "rules[0][conditions]",
        ),
        (
            "clerk",
            vec![json!({"object": "wallet", "action": "list", "conditions": {"amount_max": 5}})],
            "rules[0][conditions][amount_max]",
        ),
        (
            "clerk",
            vec![json!({"object": "role", "action": "list", "conditions": {"own": true}})],
            "rules[0][conditions][own]",
        ),
        (
            "clerk",
            vec![json!({"object": "wallet", "action": "create", "conditions": {"currency": ["eur\" || true"]}})],
            "rules[0][conditions][currency]",
        ),
    ];
    for (name, rules, field) in cases {
        let error = world.create("owner", name, &rules).await.unwrap_err();
        assert!(matches!(&error, RoleError::Invalid { param, .. } if param == field), "{name} {rules:?}: {error}");
    }
    assert!(matches!(world.create("owner", "cashier", &[]).await, Err(RoleError::Exists)));
    for built_in in ["owner", "customer", "staff_admin"] {
        assert!(matches!(world.update("owner", built_in, &[]).await, Err(RoleError::BuiltIn)));
        assert!(matches!(world.delete("owner", built_in).await, Err(RoleError::BuiltIn)));
    }
    assert!(matches!(world.update("owner", "clerk", &[]).await, Err(RoleError::NotFound)));
    assert_eq!(world.revision().await, revision);

    for number in 1..policies::ROLES_MAX {
        world.create("owner", &format!("clerk_{number}"), &[]).await.unwrap();
    }
    assert!(matches!(world.create("owner", "clerk_50", &[]).await, Err(RoleError::Limit)));
    assert!(matches!(world.create("owner", "clerk_49", &[]).await, Err(RoleError::Exists)));
}

#[tokio::test]
async fn nobody_writes_a_role_mightier_than_himself() {
    let world = World::start().await;
    let manage = |action: &str| json!({"object": "role", "action": action});
    let limited = json!({"object": "wallet_transfer", "action": "create", "conditions": {"amount_max": 100}});
    let chief = [manage("create"), manage("update"), manage("delete"), limited.clone()];
    world.create("owner", "chief", &chief).await.unwrap();
    world.create("owner", "treasurer", &[json!({"object": "wallet_transfer", "action": "create"})]).await.unwrap();

    assert!(world.create("chief", "clerk", std::slice::from_ref(&limited)).await.is_ok());
    for wider in [
        json!({"object": "wallet_transfer", "action": "create"}),
        json!({"object": "wallet_transfer", "action": "create", "conditions": {"amount_max": 101}}),
        json!({"object": "member", "action": "create"}),
    ] {
        for outcome in [
            world.create("chief", "sneaky", std::slice::from_ref(&wider)).await,
            world.update("chief", "clerk", std::slice::from_ref(&wider)).await,
            world.update("chief", "chief", std::slice::from_ref(&wider)).await,
        ] {
            assert!(matches!(outcome, Err(RoleError::Refused(Refusal::NotHeld { .. }))), "{wider}");
        }
    }
    // Nor does he touch a role that is mightier already, not even to make it weaker.
    assert!(matches!(world.update("chief", "treasurer", &[]).await, Err(RoleError::Refused(_))));
    assert!(matches!(world.delete("chief", "treasurer").await, Err(RoleError::Refused(_))));
    assert!(world.delete("admin", "treasurer").await.is_ok());
}

#[tokio::test]
async fn a_role_somebody_has_is_not_removed_even_while_it_is_being_given() {
    let mut world = World::start().await;
    world.create("owner", "cashier", &[]).await.unwrap();
    let schema = world.live.schema.quoted();
    let holders = format!(
        "INSERT INTO {schema}.member VALUES (gen_random_uuid(), 'https://issuer.example', 'ada', 'cashier', now(), now()); \
         INSERT INTO {schema}.api_key VALUES (gen_random_uuid(), '\\x00', 'till', 'cashier', 'abcd', now(), NULL)"
    );
    run(&mut world.admin, holders).await;
    let error = world.delete("owner", "cashier").await.unwrap_err();
    assert!(matches!(error, RoleError::InUse { members: 1, api_keys: 1 }), "{error}");
    run(&mut world.admin, format!("DELETE FROM {schema}.member; DELETE FROM {schema}.api_key")).await;

    // Somebody is about to give the role; the removal waits for him and then sees his member.
    let giving = world.begin().await;
    role::hold(&giving, "cashier").await.unwrap();
    role::hold(&giving, "operator").await.unwrap();
    assert!(matches!(role::hold(&giving, "clerk").await, Err(RoleError::NotFound)));
    assert!(matches!(role::hold(&giving, "staff_admin").await, Err(RoleError::NotFound)));
    let permit = world.permit::<DeleteRole>("owner").await;
    let (snapshot, removing) = (world.snapshot().await, world.begin().await);
    let removal = role::delete(&removing, &permit, &snapshot, "cashier");
    tokio::pin!(removal);
    assert!(timeout(Duration::from_millis(300), &mut removal).await.is_err(), "it waits");
    insert_member(&giving).await;
    giving.commit(()).await.unwrap();
    let outcome = removal.await;
    assert!(matches!(outcome, Err(RoleError::InUse { members: 1, api_keys: 0 })), "{outcome:?}");
}

async fn insert_member(tx: &TenantTx) {
    let insert =
        "INSERT INTO member VALUES (gen_random_uuid(), 'https://issuer.example', 'ada', 'cashier', now(), now())";
    tx.with_connection(|connection| Box::pin(async move { sqlx::query(insert).execute(connection).await.map(|_| ()) }))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_change_made_elsewhere_is_in_force_within_a_second() {
    let mut world = World::start().await;
    world.create("owner", "cashier", &[json!({"object": "wallet", "action": "create"})]).await.unwrap();
    assert_eq!(may_create_wallet(&world, "cashier").await, Ok(()));
    // Another process: no hint reaches this one.
    let schema = world.live.schema.quoted();
    run(
        &mut world.admin,
        format!(
            "BEGIN; DELETE FROM {schema}.role_rule; UPDATE {schema}.policy_revision SET revision = revision + 1; COMMIT"
        ),
    )
    .await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(may_create_wallet(&world, "cashier").await, Err("no_rule"));
}

#[tokio::test]
async fn writers_at_the_same_time_make_one_role_and_lose_no_revision() {
    let mut world = World::start().await;
    let attempts = (0..8).map(|_| world.create("owner", "cashier", &[]));
    let outcomes = futures::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(RoleError::Exists))));
    assert_eq!(world.revision().await, 2);
}
