//! Control processes that die, take over from one another, or are asked at once.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tokio::time::sleep;

use super::is_routed;
use crate::app::{
    App,
    client::Answer,
    mint::KeyKind,
    stack::{Stack, Wishes},
    tenant::{Plan, first_keys, operation_end, specification},
    until::until,
};

const KILLS: usize = 20;

/// Lets the time of a dead process's leases pass.
async fn leases_of_the_dead_end(stack: &Stack) {
    stack.database.execute("UPDATE platform.operation SET lease_expires_at = now() - interval '1 second' WHERE lease_expires_at IS NOT NULL").await;
}

pub async fn kill_9_of_control_twenty_times_and_every_tenant_is_completed_and_none_is_seen_early(app: App) {
    let mut stack = app.own_stack(Wishes::default()).await;
    let mut random = app.random();
    let (mut states, mut tenants) = (std::collections::BTreeMap::new(), Vec::new());
    for _ in 0..KILLS {
        let slug = App::new_slug();
        let issuer = stack.mint.issuer(&slug, KeyKind::P256);
        let staff = stack.staff("staff_admin");
        let key = format!("create {slug}");
        let path = "/platform/v1/tenants";
        let body = specification(&slug, issuer.url(), &Plan::default());
        let request = {
            let (staff, key, body) = (staff.clone(), key.clone(), body.clone());
            tokio::spawn(async move { staff.try_post_keyed(path, &key, body).await })
        };
        sleep(Duration::from_millis(u64::try_from(random.below(700)).unwrap())).await;
        stack.control.kill().await;
        let _answered_or_cut_off = request.await.unwrap();
        let reached = stack.database.texts(&format!(
            "SELECT coalesce(string_agg(e.mode || ' ' || e.state, ', ' ORDER BY e.mode), 'nothing') FROM platform.tenant t JOIN platform.environment e ON e.tenant_id = t.id WHERE t.slug = '{slug}'"
        )).await.remove(0);
        let active = reached == "live active, test active";
        let status = stack.database.texts(&format!("SELECT status FROM platform.tenant WHERE slug = '{slug}'")).await;
        if status.first().map(String::as_str) != Some("active") {
            assert!(!is_routed(&stack, &slug, &issuer).await, "{slug} is routed at {reached}");
        }
        *states.entry(if active { "done".to_owned() } else { reached }).or_insert(0) += 1;
        leases_of_the_dead_end(&stack).await;
        stack.control.start_again().await;
        // The client does what a client does: the same request again.
        let answer = staff.post_keyed(path, &key, body).await.ok();
        let operation = answer["operation_id"].as_str().expect("an operation").to_owned();
        let ended = operation_end(&staff, &operation).await;
        assert_eq!(ended["state"], "succeeded", "{slug}: {ended}");
        until(Duration::from_secs(3), || is_routed(&stack, &slug, &issuer)).await;
        tenants.push((slug, issuer));
    }
    app.note(format!("{KILLS} kills found the environments at {states:?}"));
    assert!(states.len() >= 3, "the kills did not come at different moments: {states:?}");
    for (slug, issuer) in tenants {
        let tenant = first_keys(&stack, &stack.staff("staff_admin"), &slug, issuer).await;
        app.watch(&tenant, &stack.database);
        let owner = tenant.test.member("owner");
        let customer = owner.create_customer("Ada", "ada@example.com").await;
        assert_eq!(owner.get(&format!("/v1/customers/{customer}")).await.ok()["name"], "Ada");
        let (source, destination) = (owner.open_funded_wallet(10).await, owner.open_wallet("eur").await);
        owner.transfer(&source, &destination, 1).await.ok();
    }
    let orphans = stack.database.texts("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 't\\_%' AND nspname NOT IN (SELECT schema_name FROM platform.environment) UNION SELECT rolname::text FROM pg_roles WHERE rolname LIKE 't\\_%' AND rolname NOT IN (SELECT schema_name FROM platform.environment)").await;
    assert!(orphans.is_empty(), "schemas or roles of no environment: {orphans:?}");
    let keys = stack.database.number("SELECT count(*) FROM platform.environment WHERE key_reference IS NULL").await;
    assert_eq!(keys, 0);
    let twice =
        stack.database.texts("SELECT key_reference FROM platform.environment GROUP BY 1 HAVING count(*) > 1").await;
    assert!(twice.is_empty(), "environments share a key: {twice:?}");
    app.check_invariants().await;
}

pub async fn a_lease_that_expires_is_taken_over_by_another_process(app: App) {
    let mut stack = app.own_stack(Wishes::default()).await;
    let second = stack.another_control(stack.staff_issuer.url(), Vec::new()).await;
    let staff = second.anonymous().with_bearer(&stack.staff_token("staff_admin"));
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    // Whoever works on it finds a lock in its way, and dies with it.
    let mut blocker = stack.database.pool().begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE platform.operation_step IN ACCESS EXCLUSIVE MODE").execute(&mut *blocker).await.unwrap();
    let first = stack.staff("staff_admin");
    let begun = first.post("/platform/v1/tenants", specification(&slug, issuer.url(), &Plan::default())).await.ok();
    let id = begun["operation_id"].as_str().unwrap().to_owned();
    sleep(Duration::from_millis(500)).await;
    stack.control.kill().await;
    blocker.rollback().await.unwrap();
    let began = std::time::Instant::now();
    let ended = operation_end(&staff, &id).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    app.note(format!("the other process finished it {:.1?} after the first died", began.elapsed()));
    until(Duration::from_secs(3), || is_routed(&stack, &slug, &issuer)).await;
}

pub async fn two_processes_asked_at_once_make_one_tenant(app: App) {
    let stack = app.shared().await;
    let second = stack.another_control(stack.staff_issuer.url(), Vec::new()).await;
    let staff = stack.staff("staff_admin");
    let clients = [staff.clone(), staff.at(second.url())];
    for keyed in [true, false] {
        let slug = App::new_slug();
        let issuer = stack.mint.issuer(&slug, KeyKind::P256);
        let body = specification(&slug, issuer.url(), &Plan::default());
        let key = |number: usize| if keyed { format!("both {slug}") } else { format!("{number} {slug}") };
        let requests = (0..10).map(|number| {
            let (client, body, key) = (clients[number % 2].clone(), body.clone(), key(number));
            async move { client.post_keyed("/platform/v1/tenants", &key, body).await }
        });
        let answers: Vec<Value> = join_all(requests).await.iter().map(Answer::ok).collect();
        let operations: std::collections::BTreeSet<&str> =
            answers.iter().filter_map(|answer| answer["operation_id"].as_str()).collect();
        assert_eq!(operations.len(), 1, "keyed: {keyed}: {operations:?}");
        let ended = operation_end(&staff, operations.first().unwrap()).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(
            stack.database.number(&format!("SELECT count(*) FROM platform.tenant WHERE slug = '{slug}'")).await,
            1
        );
        assert_eq!(
            stack
                .database
                .number(&format!(
                    "SELECT count(*) FROM platform.operation WHERE target = '{slug}' AND kind = 'tenant.create'"
                ))
                .await,
            1
        );
        let repeated: Vec<&str> = ended["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["outcome"] == "failed")
            .filter_map(|step| step["name"].as_str())
            .collect();
        assert!(repeated.is_empty(), "{repeated:?}");
    }
}
