//! Members, keys and the audit log: rights are given by those who hold them, and an owner always remains.

use std::time::Duration;

use kernel::{ApiKeyId, AuditRecordId, MemberId, RequestId, SystemEntropy};
use payments::{
    PageRequest, api_key,
    api_key::ApiKeyDraft,
    audit_record, member,
    member::{Member, MemberDraft},
};
use policies::{
    PolicyRows, PolicySnapshot,
    role::{self, RoleDraft, RuleDraft},
};
use secrecy::ExposeSecret as _;
use tenancy::{
    Actor, TenantTx,
    audit::{self, Outcome, Record},
};
use uuid::Uuid;

use super::world::{World, api_key as key_actor, member as member_actor, person, refused};

fn draft(name: &str, role: &str) -> MemberDraft {
    MemberDraft { subject: person(name), role: role.to_owned() }
}

async fn add(world: &World, actor: &Actor, name: &str, role: &str) -> Member {
    world.tick();
    let tx = world.begin().await;
    let created =
        member::create(&world.context(&tx, actor), &world.permit(actor), &world.snapshot, draft(name, role)).await;
    tx.commit(created.unwrap()).await.unwrap().into_inner()
}

#[tokio::test]
async fn nobody_gives_or_takes_rights_wider_than_his_own() {
    let world = World::start().await;
    let [owner, admin] = ["owner", "admin"].map(member_actor);
    let the_owner = add(&world, &owner, "olga", "owner").await;
    let analyst = add(&world, &admin, "anna", "analyst").await;

    let tx = world.begin().await;
    let context = world.context(&tx, &admin);
    let snapshot = &world.snapshot;
    let create = async |name: &str, role: &str| {
        refused(member::create(&context, &world.permit(&admin), snapshot, draft(name, role)).await)
    };
    assert_eq!(create("eve", "owner").await, ("owner_only", Some("role")));
    assert_eq!(create("eve", "staff_admin").await, ("role_missing", Some("role")));
    assert_eq!(create("eve", "no_such_role").await, ("role_missing", Some("role")));
    assert_eq!(create("eve", "a\";drop schema").await, ("role_missing", Some("role")));
    assert_eq!(create("anna", "analyst").await, ("member_exists", Some("subject")));
    assert_eq!(create("e\0ve", "analyst").await, ("parameter_invalid_characters", Some("subject")));
    let update = async |id: MemberId, role: &str| {
        member::update(&context, &world.permit(&admin), snapshot, id, role.to_owned()).await
    };
    assert_eq!(refused(update(analyst.id, "owner").await), ("owner_only", Some("role")));
    assert_eq!(refused(update(the_owner.id, "analyst").await), ("owner_only", Some("role")));
    assert_eq!(refused(update(MemberId::from_uuid(Uuid::nil()), "analyst").await), ("resource_missing", Some("id")));
    let result = member::delete(&context, &world.permit(&admin), snapshot, the_owner.id).await;
    assert_eq!(refused(result), ("owner_only", Some("role")));
    let updated = update(analyst.id, "operator").await.unwrap();
    assert_eq!((updated.role.as_str(), updated.created), ("operator", analyst.created));
    let request = PageRequest::try_new(None, None, None).unwrap();
    let page = member::list(&context, &world.permit(&admin), request).await.unwrap();
    assert_eq!(page.items, [updated, the_owner]);
    member::delete(&context, &world.permit(&admin), snapshot, analyst.id).await.unwrap();
    tx.commit(()).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM member").await, 1);
}

#[tokio::test]
async fn a_role_of_the_tenants_own_is_given_while_it_is_there() {
    let world = World::start().await;
    let owner = member_actor("owner");
    let tx = world.begin().await;
    let cashier = RoleDraft {
        name: "cashier".to_owned(),
        description: String::new(),
        rules: vec![RuleDraft {
            object: "wallet_transfer".to_owned(),
            action: "create".to_owned(),
            conditions: serde_json::json!({"amount_max": 5_000}),
        }],
    };
    role::create(&tx, &world.permit(&owner), &world.snapshot, cashier, world.clock.as_ref(), &SystemEntropy)
        .await
        .unwrap();
    let rows = PolicyRows { revision: 2, roles: vec!["cashier".to_owned()], rules: vec![] };
    let aware = PolicySnapshot::try_new(world.environment.id, &rows).unwrap();

    let context = world.context(&tx, &owner);
    let create = async |snapshot: &PolicySnapshot, name: &str| {
        member::create(&context, &world.permit(&owner), snapshot, draft(name, "cashier")).await
    };
    assert_eq!(refused(create(&world.snapshot, "cora").await), ("role_missing", Some("role")), "not known here yet");
    let cora = create(&aware, "cora").await.unwrap();
    let delete =
        async |snapshot: &PolicySnapshot| member::delete(&context, &world.permit(&owner), snapshot, cora.id).await;
    assert_eq!(refused(delete(&world.snapshot).await), ("unknown_role", Some("role")), "what it gives is not known");

    sea_orm::ConnectionTrait::execute_unprepared(&tx, "DELETE FROM role").await.unwrap();
    assert_eq!(refused(create(&aware, "carl").await), ("role_missing", Some("role")), "gone since the snapshot");
    delete(&world.snapshot).await.unwrap();
}

#[tokio::test]
async fn the_last_owner_stays_even_when_two_are_removed_at_once() {
    let world = World::start().await;
    let owner = member_actor("owner");
    let olga = add(&world, &owner, "olga", "owner").await;
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let result = member::delete(&context, &world.permit(&owner), &world.snapshot, olga.id).await;
    assert_eq!(refused(result), ("last_owner", None));
    let result = member::update(&context, &world.permit(&owner), &world.snapshot, olga.id, "admin".to_owned()).await;
    assert_eq!(refused(result), ("last_owner", None));
    member::update(&context, &world.permit(&owner), &world.snapshot, olga.id, "owner".to_owned()).await.unwrap();
    tx.commit(()).await.unwrap();

    let oscar = add(&world, &owner, "oscar", "owner").await;
    let (first, second) = (world.begin().await, world.begin().await);
    let remove = async |tx: &TenantTx, id: MemberId| {
        member::delete(&world.context(tx, &owner), &world.permit(&owner), &world.snapshot, id).await
    };
    remove(&first, olga.id).await.unwrap();
    let (result, ()) = tokio::join!(remove(&second, oscar.id), async {
        // Long enough for the second to arrive at the rows the first holds.
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.commit(()).await.unwrap();
    });
    assert_eq!(refused(result), ("last_owner", None));
    second.commit(()).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM member WHERE role = 'owner'").await, 1);
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_as_a_hash() {
    let world = World::start().await;
    let [owner, admin] = ["owner", "admin"].map(key_actor);
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let snapshot = &world.snapshot;
    let draft = |name: &str, role: &str| ApiKeyDraft { name: name.to_owned(), role: role.to_owned(), expires: None };
    let made = api_key::create(&context, &world.permit(&owner), snapshot, draft("till", "operator")).await.unwrap();
    let text = made.secret.expose_secret().to_owned();
    assert!(text.starts_with(&format!("sk_test_{}", world.environment.locator)), "prefix and locator");
    assert_eq!(text.len(), "sk_test_".len() + 12 + 32);
    assert!(text.ends_with(&made.key.last4) && made.key.last4.len() == 4);
    assert!(!format!("{made:?}").contains(&text));
    let hashed = text.clone();
    let matches: i64 = tx
        .with_connection(move |connection| {
            Box::pin(async move {
                sqlx::query_scalar("SELECT count(*) FROM api_key WHERE hash = sha256($1)")
                    .bind(hashed.into_bytes())
                    .fetch_one(connection)
                    .await
            })
        })
        .await
        .unwrap();
    assert_eq!(matches, 1);

    world.tick();
    let expiring =
        ApiKeyDraft { expires: Some(context.clock.now() + time::Duration::hours(1)), ..draft("kiosk", "owner") };
    let strong = api_key::create(&context, &world.permit(&owner), snapshot, expiring).await.unwrap();
    let past = ApiKeyDraft { expires: Some(context.clock.now()), ..draft("kiosk", "analyst") };
    let result = api_key::create(&context, &world.permit(&owner), snapshot, past).await;
    assert_eq!(refused(result), ("parameter_invalid", Some("expires")));

    let context = world.context(&tx, &admin);
    let result = api_key::create(&context, &world.permit(&admin), snapshot, draft("kiosk", "owner")).await;
    assert_eq!(refused(result), ("owner_only", Some("role")));
    let result = api_key::create(&context, &world.permit(&admin), snapshot, draft("", "analyst")).await;
    assert_eq!(refused(result), ("parameter_invalid_empty", Some("name")));
    let result = api_key::delete(&context, &world.permit(&admin), snapshot, strong.key.id).await;
    assert_eq!(refused(result), ("owner_only", Some("role")));
    let result = api_key::delete(&context, &world.permit(&admin), snapshot, ApiKeyId::from_uuid(Uuid::nil())).await;
    assert_eq!(refused(result), ("resource_missing", Some("id")));
    let request = PageRequest::try_new(None, None, None).unwrap();
    let page = api_key::list(&context, &world.permit(&admin), request).await.unwrap();
    assert_eq!(page.items, [strong.key, made.key.clone()]);
    api_key::delete(&context, &world.permit(&admin), snapshot, made.key.id).await.unwrap();
    tx.commit(()).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM api_key").await, 1);
}

#[tokio::test]
async fn the_audit_log_is_read_newest_first() {
    let world = World::start().await;
    let analyst = key_actor("analyst");
    let tx = world.begin().await;
    let request = RequestId::generate(world.clock.as_ref(), &SystemEntropy);
    let mut made = Vec::new();
    for outcome in [Outcome::Succeeded, Outcome::Refused("insufficient_funds"), Outcome::Succeeded] {
        world.tick();
        let actor = key_actor("owner");
        let record = Record {
            actor: &actor,
            action: "wallet_transfer.create",
            target: Some("wtr_1"),
            outcome,
            rule: Some("builtin:owner/wallet_transfer/create"),
            request,
        };
        made.push(audit::append(&tx, record, world.clock.as_ref(), &SystemEntropy).await.unwrap());
    }
    let context = world.context(&tx, &analyst);
    let page = async |starting_after| {
        let request = PageRequest::try_new(Some(2), starting_after, None).unwrap();
        audit_record::list(&context, &world.permit(&analyst), request).await
    };
    let first = page(None).await.unwrap();
    assert_eq!(first.items.iter().map(|record| record.id).collect::<Vec<_>>(), [made[2], made[1]]);
    assert!(first.has_more);
    let second = page(Some(made[1])).await.unwrap();
    assert_eq!((second.items[0].id, second.has_more), (made[0], false));
    let refusal = audit_record::retrieve(&context, &world.permit(&analyst), made[1]).await.unwrap();
    assert_eq!(refusal, first.items[1]);
    assert_eq!((refusal.outcome.as_str(), refusal.code.as_deref()), ("refused", Some("insufficient_funds")));
    assert_eq!(refusal.request_id, request.to_string());
    let nowhere = AuditRecordId::from_uuid(Uuid::nil());
    let result = audit_record::retrieve(&context, &world.permit(&analyst), nowhere).await;
    assert_eq!(refused(result), ("resource_missing", Some("id")));
    assert_eq!(refused(page(Some(nowhere)).await), ("resource_missing", Some("starting_after")));
}
