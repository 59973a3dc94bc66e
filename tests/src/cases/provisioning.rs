//! The life of tenants through the staff API: made, changed, migrated, ended, whatever dies in between.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use serde_json::{Value, json};
use stack::Moto;
use tokio::time::sleep;

use super::cases;
use crate::app::{
    App,
    client::{Answer, Client, Extras},
    mint::{Behaviour, Issuer, KeyKind},
    server::setting,
    stack::{Stack, Wishes},
    tenant::{AUDIENCE_TEST, Plan, Tenant, first_keys, operation_end, specification},
    until::{until, until_status},
};

cases!("provisioning":
    kill_9_of_control_twenty_times_and_every_tenant_is_completed_and_none_is_seen_early,
    a_migration_that_fails_for_one_tenant_leaves_the_others_forward_and_resumes,
    a_tenant_lives_from_creation_to_offboarding_and_every_step_repeats_as_unchanged,
    the_same_specification_changes_nothing_and_another_is_a_conflict,
    a_dry_run_checks_everything_and_changes_nothing,
    an_issuer_that_cannot_be_reached_is_a_clear_refusal_and_leaves_nothing,
    a_key_service_that_refuses_or_is_away_leaves_nothing_half_visible_and_is_resumed,
    a_lease_that_expires_is_taken_over_by_another_process,
    two_processes_asked_at_once_make_one_tenant,
    the_platform_keeps_an_audit_record_of_every_write_and_every_refusal,
    bootstrap_is_safe_to_repeat,
);

const KILLS: usize = 20;

async fn send(staff: &Client, path: &str, body: Value) -> Answer {
    let headers =
        vec![("tessera-reason".to_owned(), "a test".to_owned()), ("tessera-host".to_owned(), "testing".to_owned())];
    let extras = Extras { body: Some(body), headers, ..Extras::default() };
    staff.send("POST", &format!("/platform/v1/{path}"), extras).await
}

async fn settled(staff: &Client, path: &str, body: Value) -> Value {
    let answer = send(staff, path, body).await.ok();
    if let Some(operation) = answer["operation_id"].as_str() {
        let ended = operation_end(staff, operation).await;
        assert_eq!(ended["state"], "succeeded", "{path}: {ended}");
    }
    answer
}

/// Whether the API serves a token of this tenant.
async fn is_routed(stack: &Stack, slug: &str, issuer: &Issuer) -> bool {
    let token = issuer.token(slug, AUDIENCE_TEST, "the-owner").mint();
    let answer = stack.api.anonymous().with_bearer(&token).get("/v1/wallets").await;
    assert!(answer.status == 200 || answer.status == 401, "{} {}", answer.status, answer.text);
    answer.status == 200
}

/// Lets the time of a dead process's leases pass.
async fn leases_of_the_dead_end(stack: &Stack) {
    stack.database.execute("UPDATE platform.operation SET lease_expires_at = now() - interval '1 second' WHERE lease_expires_at IS NOT NULL").await;
}

async fn kill_9_of_control_twenty_times_and_every_tenant_is_completed_and_none_is_seen_early(app: App) {
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

async fn a_migration_that_fails_for_one_tenant_leaves_the_others_forward_and_resumes(app: App) {
    let wishes =
        Wishes { control: vec![setting("CONTROL__SCHEMA_VERSION_MAX", "m0001_baseline")], ..Wishes::default() };
    let mut stack = app.own_stack(wishes).await;
    let mut tenants = Vec::new();
    for _ in 0..5 {
        tenants.push(app.tenant_on(&stack, &Plan::default()).await);
    }
    let version = "SELECT DISTINCT schema_version FROM platform.environment ORDER BY 1";
    assert_eq!(stack.database.texts(version).await, ["m0001_baseline"], "the pin holds");
    stack.control.stop().await;
    let control =
        stack.another_control(stack.staff_issuer.url(), vec![setting("CONTROL__SCHEMA_VERSION_MAX", "")]).await;
    let staff = control.anonymous().with_bearer(&stack.staff_token("staff_operator"));
    let broken = tenants.last().unwrap().clone();
    stack.database.execute(&format!("CREATE TABLE {}.wallet_transfer_source (a int)", broken.live.schema)).await;

    let serving = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let clients: Vec<Client> =
        tenants.iter().flat_map(|tenant| [tenant.test.api_key(), tenant.live.api_key()]).collect();
    let watcher = tokio::spawn({
        let serving = Arc::clone(&serving);
        async move {
            let mut served = 0;
            while serving.load(std::sync::atomic::Ordering::SeqCst) {
                for answer in join_all(clients.iter().map(|client| client.get("/v1/wallet_transfers"))).await {
                    answer.ok();
                    served += 1;
                }
            }
            served
        }
    });
    let dry = staff.post("/platform/v1/migrations?dry_run=true", json!({"tenants": null})).await.ok();
    assert_eq!(dry["changes"].as_array().map(Vec::len), Some(10), "{dry}");
    let begun = staff.post("/platform/v1/migrations", json!({"tenants": null, "parallel": 4, "canary": 1})).await.ok();
    let id = begun["operation_id"].as_str().expect("an operation").to_owned();
    let ended = operation_end(&staff, &id).await;
    assert_eq!(ended["state"], "partial", "{ended}");
    assert_eq!((&ended["progress"]["total"], &ended["progress"]["failed"]), (&json!(10), &json!(1)), "{ended}");
    let steps = ended["steps"].as_array().expect("steps");
    let failed: Vec<&Value> = steps.iter().filter(|step| step["outcome"] == "failed").collect();
    assert!(
        !failed.is_empty()
            && failed.iter().all(|step| step["tenant"] == broken.slug.as_str() && step["mode"] == "live"),
        "{failed:?}"
    );
    assert!(failed[0]["detail"].as_str().is_some_and(|text| text.contains("wallet_transfer_source")), "{failed:?}");
    let behind =
        "SELECT schema_name FROM platform.environment WHERE schema_version <> 'm0002_wallet_transfers_by_wallet'";
    assert_eq!(
        stack.database.texts(behind).await,
        std::slice::from_ref(&broken.live.schema),
        "the others went forward"
    );
    let recorded = format!("SELECT version FROM {}.seaql_migrations ORDER BY 1", broken.live.schema);
    assert_eq!(stack.database.texts(&recorded).await, ["m0001_baseline"], "the failed one is at a known version");

    stack.database.execute(&format!("DROP TABLE {}.wallet_transfer_source", broken.live.schema)).await;
    send(&staff, &format!("operations/{id}/resume"), json!({})).await.ok();
    let ended = operation_end(&staff, &id).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert!(stack.database.texts(behind).await.is_empty());
    let again = staff.post("/platform/v1/migrations", json!({"tenants": null})).await.ok();
    if let Some(operation) = again["operation_id"].as_str() {
        let ended = operation_end(&staff, operation).await;
        let done = ended["steps"].as_array().unwrap().iter().filter(|step| step["outcome"] == "done").count();
        assert_eq!(done, 0, "nothing is left to do: {ended}");
    }
    serving.store(false, std::sync::atomic::Ordering::SeqCst);
    app.note(format!("{} requests were served meanwhile", watcher.await.unwrap()));
    app.check_invariants().await;
}

async fn a_tenant_lives_from_creation_to_offboarding_and_every_step_repeats_as_unchanged(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_admin");
    let tenant = app.tenant().await;
    let slug = &tenant.slug;
    let path = format!("/platform/v1/tenants/{slug}");
    let object = staff.get(&path).await.ok();
    assert_eq!((object["object"].as_str(), object["status"].as_str()), (Some("tenant"), Some("active")), "{object}");
    for environment in object["environments"].as_array().expect("both environments") {
        assert_eq!(environment["state"], "active", "{environment}");
        assert_eq!(environment["schema_version"], "m0002_wallet_transfers_by_wallet", "{environment}");
        assert_eq!(environment["key"]["state"], "enabled", "{environment}");
    }
    let listed = staff.get("/platform/v1/tenants?limit=100&status=active").await.ok();
    assert!(listed["data"].as_array().unwrap().iter().any(|one| one["slug"] == slug.as_str()), "listed");

    let update = json!({"name": "Renamed", "plan": "premium", "members": [{"subject": "newcomer", "role": "owner"}]});
    let updated = settled(&staff, &format!("tenants/{slug}"), update.clone()).await;
    assert_eq!((&updated["changed"], updated["action"].as_str()), (&json!(true), Some("updated")), "{updated}");
    let repeated = settled(&staff, &format!("tenants/{slug}"), update).await;
    assert_eq!((&repeated["changed"], repeated["action"].as_str()), (&json!(false), Some("unchanged")), "{repeated}");
    let newcomer = tenant.test.end_user("newcomer");
    until_status(Duration::from_secs(3), 200, || async { newcomer.get("/v1/api_keys").await }).await;
    let renamed = staff.get(&path).await.ok();
    assert_eq!((renamed["name"].as_str(), renamed["plan"].as_str()), (Some("Renamed"), Some("premium")));
    assert!(renamed["revision"].as_i64() > object["revision"].as_i64(), "{renamed}");

    for (verb, status, served) in [("suspend", "suspended", 401), ("resume", "active", 200)] {
        for changed in [true, false] {
            let answer = settled(&staff, &format!("tenants/{slug}/{verb}"), json!({})).await;
            assert_eq!(
                (&answer["changed"], answer["object"]["status"].as_str()),
                (&json!(changed), Some(status)),
                "{answer}"
            );
        }
        until_status(Duration::from_secs(2), served, || async { tenant.test.api_key().get("/v1/wallets").await }).await;
    }

    let order = json!({"mode": "test", "overlap_seconds": 0, "name": "first", "role": "admin"});
    let rotated = settled(&staff, &format!("tenants/{slug}/api_keys/rotate"), order).await;
    let secret = rotated["object"]["keys"][0]["secret"].as_str().expect("shown once").to_owned();
    until_status(Duration::from_secs(3), 401, || async { tenant.test.api_key().get("/v1/wallets").await }).await;
    tenant.test.anonymous().with_bearer(&secret).get("/v1/wallets").await.ok();
    tenant.live.api_key().get("/v1/wallets").await.ok();
    let none_needed =
        settled(&staff, &format!("tenants/{slug}/api_keys/rotate"), json!({"name": "first", "only_if_none": true}))
            .await;
    assert_eq!(none_needed["changed"], false, "{none_needed}");

    let owner = tenant.live.member("owner");
    let customer = owner.create_customer("Ada", "ada@example.com").await;
    send(&staff, &format!("tenants/{slug}/offboard"), json!({"confirm": "other"})).await.error();
    let offboarded = settled(&staff, &format!("tenants/{slug}/offboard"), json!({"confirm": slug})).await;
    assert_eq!(offboarded["changed"], true, "{offboarded}");
    until_status(Duration::from_secs(2), 401, || async { owner.get(&format!("/v1/customers/{customer}")).await }).await;
    let again = settled(&staff, &format!("tenants/{slug}/offboard"), json!({"confirm": slug})).await;
    assert_eq!(again["changed"], false, "{again}");
    let ended = staff.get(&path).await.ok();
    assert_eq!(ended["status"], "offboarded", "{ended}");
    assert_eq!(stack.database.count(&tenant.live.schema, "customer").await, 1, "the schema is kept");
    for verb in ["resume", "suspend"] {
        assert_eq!(
            send(&staff, &format!("tenants/{slug}/{verb}"), json!({})).await.status,
            409,
            "{verb} after the end"
        );
    }
}

async fn the_same_specification_changes_nothing_and_another_is_a_conflict(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_operator");
    let tenant = app.tenant().await;
    let same = specification(&tenant.slug, tenant.issuer.url(), &Plan::default());
    let answer = staff.post("/platform/v1/tenants", same.clone()).await.ok();
    assert_eq!((&answer["changed"], answer["action"].as_str()), (&json!(false), Some("unchanged")), "{answer}");
    for (field, value) in [
        ("plan", json!("premium")),
        ("name", json!("Other")),
        ("key_provider", json!("vault")),
        ("members", json!([{"subject": "somebody-new", "role": "owner"}])),
    ] {
        let mut other = same.clone();
        other[field] = value;
        let answer = staff.post("/platform/v1/tenants", other).await;
        assert_eq!(answer.status, 409, "{field}: {}", answer.text);
        let error = answer.refused(409, "tenant_exists_with_other_spec");
        assert_eq!(error["tenant"].as_str(), Some(tenant.slug.as_str()), "{error}");
    }
    // Somebody else's own issuer cannot vouch for another tenant.
    let slug = App::new_slug();
    let answer = staff.post("/platform/v1/tenants", specification(&slug, tenant.issuer.url(), &Plan::default())).await;
    assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text);
    assert_eq!(answer.param().as_deref(), Some("issuer[url]"), "{}", answer.text);
    staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
}

async fn a_dry_run_checks_everything_and_changes_nothing(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_admin");
    let tenant = app.tenant().await;
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    let path = |rest: &str| format!("tenants/{}/{rest}?dry_run=true", tenant.slug);
    let schema_before = stack.database.contents(&tenant.test.schema).await;
    for (path, body) in [
        ("tenants?dry_run=true".to_owned(), specification(&slug, issuer.url(), &Plan::default())),
        (format!("tenants/{}?dry_run=true", tenant.slug), json!({"plan": "premium"})),
        (path("suspend"), json!({})),
        (path("offboard"), json!({"confirm": tenant.slug})),
        (path("api_keys/rotate"), json!({})),
        (path("data_keys/rotate"), json!({"mode": "test"})),
        (path("kms_keys/test/disable"), json!({})),
        (path("kms_keys/test/destroy"), json!({"confirm": tenant.slug})),
    ] {
        let answer = send(&staff, &path, body).await.ok();
        assert_eq!(answer["dry_run"], true, "{path}: {answer}");
        assert!(answer["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{path}: {answer}");
        assert!(!answer.to_string().contains("sk_test_"), "{path} shows a secret");
    }
    staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
    assert_eq!(schema_before, stack.database.contents(&tenant.test.schema).await);
    let bad = json!({"slug": "a\";drop schema", "name": "x", "key_provider": "local", "issuer": {"url": issuer.url()}});
    assert_eq!(staff.post("/platform/v1/tenants?dry_run=true", bad).await.error()["param"], "slug");
    stack
        .staff("staff_read_only")
        .post("/platform/v1/tenants?dry_run=true", specification(&slug, issuer.url(), &Plan::default()))
        .await
        .refused(403, "permission_denied");
}

async fn an_issuer_that_cannot_be_reached_is_a_clear_refusal_and_leaves_nothing(app: App) {
    let stack = app.shared().await;
    let staff = stack.staff("staff_admin");
    let nobody = format!("http://127.0.0.1:{}", stack::free_port().unwrap());
    let mut issuers = vec![("nobody listens", nobody.clone())];
    for (what, behaviour) in [
        ("an error", Behaviour::Status(500)),
        ("garbage", Behaviour::Garbage),
        ("an impostor", Behaviour::Impostor),
        ("10 MB", Behaviour::Huge(10_000_000)),
    ] {
        let issuer = stack.mint.issuer(&App::new_slug(), KeyKind::P256);
        issuer.behave(behaviour);
        issuers.push((what, issuer.url().to_owned()));
    }
    issuers.push(("no TLS to another machine", "http://id.example.com".to_owned()));
    issuers.push(("no address", "not a url".to_owned()));
    issuers.push(("a user in it", nobody.replace("http://", "http://user:pw@")));
    for (what, url) in issuers {
        let slug = App::new_slug();
        let answer = staff.post("/platform/v1/tenants", specification(&slug, &url, &Plan::default())).await;
        assert!(
            (400..500).contains(&answer.status) || answer.status == 503,
            "{what}: {} {}",
            answer.status,
            answer.text
        );
        assert_eq!(answer.error()["param"], "issuer[url]", "{what}: {}", answer.text);
        staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
        let left = format!(
            "SELECT (SELECT count(*) FROM platform.tenant WHERE slug = '{slug}') + (SELECT count(*) FROM platform.operation WHERE target = '{slug}')"
        );
        assert_eq!(stack.database.number(&left).await, 0, "{what}");
    }
}

async fn a_key_service_that_refuses_or_is_away_leaves_nothing_half_visible_and_is_resumed(app: App) {
    let mut moto = Moto::start().await.unwrap();
    let both = vec![
        setting("KEYRING__AWS_ENDPOINT_URL", moto.endpoint_url()),
        setting("KEYRING__AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID".to_owned(), "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "test".to_owned()),
    ];
    let stack = app.own_stack(Wishes { both, ..Wishes::default() }).await;
    let staff = stack.staff("staff_admin");
    // Not configured at all.
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    let vault = Plan { key_provider: "vault", ..Plan::default() };
    let answer = staff.post("/platform/v1/tenants", specification(&slug, issuer.url(), &vault)).await;
    assert_eq!(answer.refused(400, "key_provider_missing")["param"], "key_provider");
    staff.get(&format!("/platform/v1/tenants/{slug}")).await.refused(404, "tenant_missing");
    // A key of one's own that does not exist.
    let mut own_key = specification(&slug, issuer.url(), &Plan { key_provider: "aws", ..Plan::default() });
    let arn = |name: &str| format!("arn:aws:kms:eu-central-1:123456789012:key/{name}");
    own_key["key_reference"] = json!({"live": arn("00000000-0000-0000-0000-000000000001"), "test": arn("00000000-0000-0000-0000-000000000002")});
    let refused = staff.post("/platform/v1/tenants", own_key).await;
    if refused.status == 200 {
        let ended = operation_end(&staff, refused.json()["operation_id"].as_str().unwrap()).await;
        assert_eq!(ended["state"], "failed", "{ended}");
        assert!(ended["error"]["code"].as_str().is_some_and(|code| code.starts_with("key_")), "{ended}");
    } else {
        refused.error();
    }
    assert!(!is_routed(&stack, &slug, &issuer).await);
    // Away for a while.
    moto.kill().await.unwrap();
    let slug = App::new_slug();
    let issuer = stack.mint.issuer(&slug, KeyKind::P256);
    let aws = Plan { key_provider: "aws", ..Plan::default() };
    let begun = staff.post("/platform/v1/tenants", specification(&slug, issuer.url(), &aws)).await.ok();
    let id = begun["operation_id"].as_str().expect("an operation").to_owned();
    let ended = operation_end(&staff, &id).await;
    assert_eq!(ended["state"], "failed", "{ended}");
    assert_eq!(ended["error"]["code"], "key_service_unavailable", "{ended}");
    assert!(ended["error"]["hint"].is_string(), "it says what to do: {ended}");
    assert!(!is_routed(&stack, &slug, &issuer).await, "half a tenant is served");
    assert_eq!(staff.get(&format!("/platform/v1/tenants/{slug}")).await.ok()["status"], "provisioning");
    moto.start_again().await.unwrap();
    send(&staff, &format!("operations/{id}/resume"), json!({})).await.ok();
    let ended = operation_end(&staff, &id).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    until(Duration::from_secs(3), || is_routed(&stack, &slug, &issuer)).await;
}

async fn a_lease_that_expires_is_taken_over_by_another_process(app: App) {
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

async fn two_processes_asked_at_once_make_one_tenant(app: App) {
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

async fn the_platform_keeps_an_audit_record_of_every_write_and_every_refusal(app: App) {
    let stack = app.shared().await;
    let tenant: Tenant = app.tenant().await;
    let (admin, reader) = (stack.staff("staff_admin"), stack.staff("staff_read_only"));
    let suspended = send(&admin, &format!("tenants/{}/suspend", tenant.slug), json!({})).await;
    let resumed = send(&admin, &format!("tenants/{}/resume", tenant.slug), json!({})).await;
    let refused = send(&reader, &format!("tenants/{}/suspend", tenant.slug), json!({})).await;
    refused.refused(403, "permission_denied");
    for (answer, action, outcome) in [
        (&suspended, "tenant.suspend", "succeeded"),
        (&resumed, "tenant.resume", "succeeded"),
        (&refused, "tenant.suspend", "refused"),
    ] {
        let request = answer.header("request-id").unwrap();
        let found = stack.database.texts(&format!("SELECT action || ' ' || outcome || ' ' || actor || ' ' || coalesce(reason, '-') || ' ' || coalesce(host, '-') FROM platform.audit_record WHERE request_id = '{request}'")).await;
        assert_eq!(found.len(), 1, "{action} {outcome}: {found:?}");
        assert!(found[0].starts_with(&format!("{action} {outcome}")) && found[0].contains("staff-staff_"), "{found:?}");
        assert!(found[0].contains("a test") && found[0].contains("testing"), "reason and host: {found:?}");
    }
    let mut tx = stack.database.pool().begin().await.unwrap();
    let changed =
        sqlx::raw_sql("SET LOCAL ROLE tessera_app; DELETE FROM platform.audit_record").execute(&mut *tx).await;
    assert!(changed.is_err(), "the API's role may not touch the platform's audit log");
}

async fn bootstrap_is_safe_to_repeat(app: App) {
    let stack = app.shared().await;
    let tenant = app.tenant().await;
    let wallet = tenant.test.api_key().open_wallet("eur").await;
    let output = crate::app::stack::bootstrap_command(&stack.postgres).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(said.contains("nothing to do"), "{said}");
    tenant.test.api_key().get(&format!("/v1/wallets/{wallet}")).await.ok();
}
