//! What is the platform's own: its audit records and its bootstrap.

use serde_json::json;

use super::send;
use crate::app::{App, tenant::Tenant};

pub async fn the_platform_keeps_an_audit_record_of_every_write_and_every_refusal(app: App) {
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

pub async fn bootstrap_is_safe_to_repeat(app: App) {
    let stack = app.shared().await;
    let tenant = app.tenant().await;
    let wallet = tenant.test.api_key().open_wallet("eur").await;
    let output = crate::app::stack::bootstrap_command(&stack.postgres).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(said.contains("nothing to do"), "{said}");
    tenant.test.api_key().get(&format!("/v1/wallets/{wallet}")).await.ok();
}
