//! Migrations of many tenants, of which one fails.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value, json};

use super::send;
use crate::app::{
    App,
    client::Client,
    server::setting,
    stack::Wishes,
    tenant::{Plan, operation_end},
};

pub async fn a_migration_that_fails_for_one_tenant_leaves_the_others_forward_and_resumes(app: App) {
    let wishes = Wishes { control: vec![setting("CONTROL__SCHEMA_VERSION_MAX", "m0004_fx")], ..Wishes::default() };
    let mut stack = app.own_stack(wishes).await;
    let mut tenants = Vec::new();
    for _ in 0..5 {
        tenants.push(app.tenant_on(&stack, &Plan::default()).await);
    }
    let version = "SELECT DISTINCT schema_version FROM platform.environment ORDER BY 1";
    assert_eq!(stack.database.texts(version).await, ["m0004_fx"], "the pin holds");
    stack.control.stop().await;
    let control =
        stack.another_control(stack.staff_issuer.url(), vec![setting("CONTROL__SCHEMA_VERSION_MAX", "")]).await;
    let staff = control.anonymous().with_bearer(&stack.staff_token("staff_operator"));
    let broken = tenants.last().unwrap().clone();
    stack.database.execute(&format!("CREATE TABLE {}.wallet_transfer_hold (a int)", broken.live.schema)).await;

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
    assert!(failed[0]["detail"].as_str().is_some_and(|text| text.contains("wallet_transfer_hold")), "{failed:?}");
    let behind = "SELECT schema_name FROM platform.environment WHERE schema_version <> 'm0006_chained_entries'";
    assert_eq!(
        stack.database.texts(behind).await,
        std::slice::from_ref(&broken.live.schema),
        "the others went forward"
    );
    let recorded = format!("SELECT version FROM {}.seaql_migrations ORDER BY 1", broken.live.schema);
    assert_eq!(
        stack.database.texts(&recorded).await.last().unwrap(),
        "m0004_fx",
        "the failed one is at a known version"
    );

    stack.database.execute(&format!("DROP TABLE {}.wallet_transfer_hold", broken.live.schema)).await;
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
