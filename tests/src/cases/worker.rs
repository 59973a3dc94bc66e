//! `tessera worker`: holds expire once whatever happens to the worker, and what is wrong in a ledger is found, named
//! and read by staff.

use std::time::Duration;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::cases;
use crate::app::{
    App,
    client::Client,
    server::{Server, Settings, setting},
    stack::{Stack, Wishes},
    staff_cli::StaffCli,
    tenant::{Environment, Plan, Tenant},
    until::{until, until_status},
};

cases!("worker":
    kill_9_of_the_worker_among_5000_expired_holds_and_each_is_released_once,
    two_workers_at_once_release_each_of_4000_expired_holds_once,
    a_hold_is_released_when_it_expires_and_cannot_be_captured_from_then_on,
    what_is_wrong_in_a_ledger_is_found_named_logged_and_read_by_staff,
    a_terminated_worker_gives_its_turns_back_and_a_suspended_tenants_jobs_rest,
);

/// Longest wait for a worker in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Looks often; audits only when asked.
fn eager() -> Settings {
    vec![setting("WORKER__HOLD_EXPIRY_INTERVAL_SECONDS", 1), setting("WORKER__LEDGER_AUDIT_INTERVAL_SECONDS", 86_400)]
}

/// A hold that ends so many milliseconds from now.
async fn hold(client: &Client, source: &str, destination: &str, milliseconds: i64) -> Value {
    #[expect(clippy::disallowed_methods, reason = "the servers go by the machine's clock")]
    let now = OffsetDateTime::now_utc();
    let expires_at = (now + time::Duration::milliseconds(milliseconds)).format(&Rfc3339).unwrap();
    let body = json!({
        "source": source, "destination": destination, "amount": 40, "currency": "eur", "expires_at": expires_at,
        "metadata": {"order": "17"},
    });
    client.post("/v1/wallet_holds", body).await.ok()
}

/// Adds so many holds to a wallet, expired a moment ago, as if they had been made one by one.
async fn expired_holds(stack: &Stack, environment: &Environment, count: i64) {
    let client = environment.api_key();
    let (source, destination) = (client.open_funded_wallet(count).await, client.open_wallet("eur").await);
    let uuid = |id: &str| id.parse::<kernel::WalletId>().unwrap().as_uuid();
    let (source, destination, schema) = (uuid(&source), uuid(&destination), &environment.schema);
    stack
        .database
        .execute(&format!(
            "BEGIN; SET LOCAL search_path TO {schema}; \
             INSERT INTO ledger_hold (id, debit_account_id, credit_account_id, currency, amount_minor, remaining_minor, \
               captured_minor, state, expires_at, created_at) \
             SELECT gen_random_uuid(), '{source}', '{destination}', 'eur', 1, 1, 0, 'pending', \
               now() - interval '1 second', now() - interval '1 minute' FROM generate_series(1, {count}); \
             INSERT INTO wallet_hold SELECT id, debit_account_id, credit_account_id, '{{}}', created_at FROM ledger_hold \
               WHERE debit_account_id = '{source}'; \
             UPDATE ledger_account SET held_minor = {count} WHERE id = '{source}'; COMMIT"
        ))
        .await;
}

async fn count(stack: &Stack, environment: &Environment, rest: &str) -> i64 {
    stack.database.number(&format!("SELECT count(*) FROM {}.{rest}", environment.schema)).await
}

/// How many events tell of a change of a hold.
async fn events(stack: &Stack, environment: &Environment) -> i64 {
    let schema = &environment.schema;
    let told = "SELECT coalesce(sum(cardinality(object_ids)), 0)::bigint";
    stack.database.number(&format!("{told} FROM {schema}.event WHERE type = 'wallet_hold.updated'")).await
}

/// Every hold has ended, with one event and one audit record each, and nothing is kept back any more.
async fn assert_each_expired_once(stack: &Stack, environment: &Environment, holds: i64) {
    let schema = &environment.schema;
    assert_eq!(count(stack, environment, "ledger_hold WHERE state = 'expired' AND remaining_minor = 0").await, holds);
    assert_eq!(count(stack, environment, "ledger_hold WHERE state <> 'expired'").await, 0);
    assert_eq!(count(stack, environment, "ledger_account WHERE held_minor <> 0").await, 0);
    assert_eq!(events(stack, environment).await, holds);
    let records = "audit_record WHERE action = 'wallet_hold.expire'";
    assert_eq!(count(stack, environment, records).await, holds);
    let proper = "outcome = 'succeeded' AND actor_kind = 'system' AND actor_id = 'hold_expiry' \
                  AND rule = 'builtin:system_hold_expiry/wallet_hold/expire'";
    assert_eq!(count(stack, environment, &format!("{records} AND {proper}")).await, holds);
    let targets =
        format!("SELECT count(DISTINCT target) FROM {schema}.audit_record WHERE action = 'wallet_hold.expire'");
    assert_eq!(stack.database.number(&targets).await, holds);
}

async fn kill_9_of_the_worker_among_5000_expired_holds_and_each_is_released_once(app: App) {
    const HOLDS: i64 = 5_000;
    let stack = app.own_stack(Wishes::default()).await;
    let tenant = app.tenant_on(&stack, &Plan::default()).await;
    expired_holds(&stack, &tenant.test, HOLDS).await;
    let mut worker = stack.worker(eager()).await;
    let (mut random, mut seen) = (app.random(), Vec::new());
    let pending = || async { count(&stack, &tenant.test, "ledger_hold WHERE state = 'pending'").await };
    while pending().await > 0 {
        // In the middle of something: its first batch, and then the one after each that was seen.
        match seen.last() {
            None => {
                let taken = "SELECT count(*) FROM platform.environment_job WHERE lease_owner IS NOT NULL";
                until(PATIENCE, || async { stack.database.number(taken).await > 0 }).await;
            }
            Some(before) => {
                until(PATIENCE, || async { pending().await < *before }).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(u64::try_from(random.below(200)).unwrap())).await;
        worker.kill().await;
        seen.push(pending().await);
        // Lets the time of the dead process's leases pass.
        let over = "UPDATE platform.environment_job SET lease_expires_at = now() - interval '1 second' WHERE lease_owner IS NOT NULL";
        stack.database.execute(over).await;
        worker.start_again().await;
    }
    until(PATIENCE, || async { pending().await == 0 }).await;
    worker.stop().await;
    assert_each_expired_once(&stack, &tenant.test, HOLDS).await;
    app.note(format!("{} kills; pending after each: {seen:?}", seen.len()));
    assert!(seen.iter().any(|pending| (1..HOLDS).contains(pending)), "no kill came in the middle: {seen:?}");
    app.check_invariants().await;
}

async fn two_workers_at_once_release_each_of_4000_expired_holds_once(app: App) {
    const HOLDS: i64 = 1_000;
    let stack = app.own_stack(Wishes::default()).await;
    let tenants = [app.tenant_on(&stack, &Plan::default()).await, app.tenant_on(&stack, &Plan::default()).await];
    let environments: Vec<&Environment> = tenants.iter().map(|tenant| &tenant.test).collect();
    let mut workers = [stack.worker(eager()).await, stack.worker(eager()).await];
    for _ in 0..2 {
        for environment in &environments {
            expired_holds(&stack, environment, HOLDS).await;
        }
    }
    for environment in &environments {
        until(PATIENCE, || async { count(&stack, environment, "ledger_hold WHERE state = 'pending'").await == 0 })
            .await;
    }
    for worker in &mut workers {
        worker.stop().await;
    }
    for environment in &environments {
        assert_each_expired_once(&stack, environment, 2 * HOLDS).await;
    }
    let turns = |worker: &Server| worker.log_lines().iter().filter(|line| said(line, "expired holds released")).count();
    app.note(format!("turns with something to do: {} and {}", turns(&workers[0]), turns(&workers[1])));
    app.check_invariants().await;
}

async fn a_hold_is_released_when_it_expires_and_cannot_be_captured_from_then_on(app: App) {
    let stack = app.own_stack(Wishes::default()).await;
    let tenant = app.tenant_on(&stack, &Plan::default()).await;
    let client = tenant.test.api_key();
    let (source, destination) = (client.open_funded_wallet(100).await, client.open_wallet("eur").await);
    let made = hold(&client, &source, &destination, 1_000).await;
    let path = format!("/v1/wallet_holds/{}", made["id"].as_str().unwrap());
    // Nobody has released it, and it can no longer be captured all the same.
    until(PATIENCE, || async {
        let answer = client.post(&format!("{path}/capture"), json!({"amount": 1_000})).await;
        answer.code().as_deref() == Some("hold_expired")
    })
    .await;
    assert_eq!(client.get(&path).await.ok()["status"], "pending");
    client.transfer(&source, &destination, 61).await.refused(400, "insufficient_funds");

    let mut worker = stack.worker(eager()).await;
    until(PATIENCE, || async { client.get(&path).await.ok()["status"] == "expired" }).await;
    let expired = client.get(&path).await.ok();
    assert_eq!((&expired["amount_remaining"], &expired["amount_captured"]), (&json!(0), &json!(0)), "{expired}");
    assert_eq!(expired["metadata"], json!({"order": "17"}));
    client.post(&format!("{path}/capture"), json!({})).await.refused(409, "hold_not_pending");
    client.transfer(&source, &destination, 61).await.ok();
    assert_each_expired_once(&stack, &tenant.test, 1).await;
    let records = client.all("/v1/audit_records").await;
    let record = records.iter().find(|record| record["action"] == "wallet_hold.expire").expect("it is in the log");
    assert_eq!((&record["outcome"], &record["target"]), (&json!("succeeded"), &made["id"]), "{record}");

    // One that the worker knew of goes when it expires, not an interval later.
    let slow = vec![
        setting("WORKER__HOLD_EXPIRY_INTERVAL_SECONDS", 3_600),
        setting("WORKER__LEDGER_AUDIT_INTERVAL_SECONDS", 86_400),
    ];
    worker.stop().await;
    client.fund(&source, 100).await;
    let known = hold(&client, &source, &destination, 3_000).await;
    let now = "UPDATE platform.environment_job SET due_at = now() WHERE job = 'hold_expiry'";
    stack.database.execute(now).await;
    let mut worker = stack.worker(slow).await;
    let path = format!("/v1/wallet_holds/{}", known["id"].as_str().unwrap());
    until(PATIENCE, || async { client.get(&path).await.ok()["status"] == "expired" }).await;
    worker.stop().await;
    app.check_invariants().await;
}

fn said(line: &Value, message: &str) -> bool {
    line["message"] == message
}

/// A ledger with something in it to be wrong about.
async fn ledger(tenant: &Tenant) -> (String, String) {
    let client = tenant.test.api_key();
    let (source, destination) = (client.open_funded_wallet(1_000).await, client.open_wallet("eur").await);
    for amount in [10, 20, 30] {
        client.transfer(&source, &destination, amount).await.ok();
    }
    hold(&client, &source, &destination, 3_600_000).await;
    (source, destination)
}

/// A check, the wallet of its account, what should be there and what is.
type Expected<'a> = (&'a str, Option<&'a str>, &'a str, &'a str);

async fn what_is_wrong_in_a_ledger_is_found_named_logged_and_read_by_staff(app: App) {
    let stack = app.own_stack(Wishes::default()).await;
    let (tenant, other) =
        (app.tenant_on(&stack, &Plan::default()).await, app.tenant_on(&stack, &Plan::default()).await);
    let (source, destination) = ledger(&tenant).await;
    ledger(&other).await;
    let mut worker = stack.worker(eager()).await;
    let (staff, reader) =
        (StaffCli::signed_in(&stack, "staff_operator"), StaffCli::signed_in(&stack, "staff_read_only"));
    let slug = tenant.slug.as_str();
    let answer = staff.json(0, &["audit", "run", slug]).await;
    assert_eq!((&answer["changed"], &answer["action"]), (&json!(true), &json!("audited")), "{answer}");
    let audits = answer["audits"].as_array().unwrap();
    assert_eq!(audits.iter().map(|audit| &audit["mode"]).collect::<Vec<_>>(), ["live", "test"]);
    let test = &audits[1];
    assert_eq!(
        (&test["status"], &test["accounts"], &test["entries"]),
        (&json!("passed"), &json!(3), &json!(8)),
        "{test}"
    );

    let schema = &tenant.test.schema;
    let uuid = |id: &str| id.parse::<kernel::WalletId>().unwrap().as_uuid();
    let account = |id: &str| kernel::LedgerAccountId::from_uuid(uuid(id)).to_string();
    let (from, to) = (uuid(&source), uuid(&destination));
    let keep = format!(
        "CREATE TABLE {schema}.was_transfer AS TABLE {schema}.ledger_transfer; CREATE TABLE {schema}.was_account AS TABLE {schema}.ledger_account; CREATE TABLE {schema}.was_hold AS TABLE {schema}.ledger_hold"
    );
    let mend = ["transfer", "account", "hold"].map(|table| {
        format!("DELETE FROM {schema}.ledger_{table}; INSERT INTO {schema}.ledger_{table} SELECT * FROM {schema}.was_{table};")
    });
    stack.database.execute(&keep).await;
    let cases: [(&str, String, &[Expected<'_>]); 4] = [
        (
            "a balance",
            format!("UPDATE {schema}.ledger_account SET balance_minor = 61 WHERE id = '{to}'"),
            &[("balance", Some(&destination), "60", "61"), ("zero_sum", None, "0", "1")],
        ),
        (
            "a missing entry",
            format!("DELETE FROM {schema}.ledger_transfer WHERE debit_account_id = '{from}' AND debit_sequence = 3"),
            // Both chains end behind it.
            &[("sequence", Some(&source), "1", "4"), ("sequence", Some(&destination), "1", "3")],
        ),
        (
            "a running balance",
            format!(
                "UPDATE {schema}.ledger_transfer SET debit_balance_minor = 7 WHERE debit_account_id = '{from}' AND debit_sequence = 2"
            ),
            &[("running_balance", Some(&source), "990", "7")],
        ),
        (
            "a hold",
            format!("UPDATE {schema}.ledger_hold SET remaining_minor = 39"),
            &[("held", Some(&source), "39", "40")],
        ),
    ];
    for (name, change, expected) in cases {
        stack.database.execute(&change).await;
        let answer = staff.json(1, &["audit", "run", slug]).await;
        assert_eq!(answer["error"]["code"], "ledger_wrong", "{name}: {answer}");
        let id = answer["audits"][1]["id"].as_str().unwrap();
        assert_eq!(answer["audits"][0]["status"], "passed", "{name}: the live side is right");
        // Staff that may only look sees the same.
        let audit = reader.json(0, &["audit", "get", id]).await;
        for (check, wallet, should_be, is) in expected {
            let account = wallet.map(&account);
            let finding = audit["findings"]
                .as_array()
                .unwrap()
                .iter()
                .find(|finding| finding["check"] == *check && finding["account"].as_str() == account.as_deref());
            let finding = finding.unwrap_or_else(|| panic!("{name}: no {check}: {audit}"));
            assert_eq!((&finding["expected"], &finding["found"]), (&json!(should_be), &json!(is)), "{name}");
        }
        let failed = reader.json(0, &["audit", "list", "--tenant", slug, "--status", "failed"]).await;
        assert_eq!(failed["data"][0], audit, "{name}");
        let errors = worker.log_lines();
        let errors: Vec<_> =
            errors.iter().filter(|line| line["level"] == "ERROR" && said(line, "the ledger is wrong")).collect();
        let line = errors.last().expect("an error in the log").to_string();
        assert!(
            line.contains(slug) && line.contains(expected[0].0) && line.contains(&account(&source)[..4]),
            "{name}: {line}"
        );
        let mend = mend.join(" ");
        stack.database.execute(&format!("BEGIN; SET LOCAL session_replication_role = replica; {mend} COMMIT")).await;
        staff.json(0, &["audit", "run", slug]).await;
    }
    stack.database.execute(&format!("DROP TABLE {schema}.was_transfer, {schema}.was_account, {schema}.was_hold")).await;

    // The other tenant's were audited by themselves, when the worker first saw them.
    let others = reader.json(0, &["audit", "list", "--tenant", &other.slug]).await;
    assert_eq!(others["data"].as_array().unwrap().len(), 2, "{others}");
    assert!(others["data"].as_array().unwrap().iter().all(|audit| audit["status"] == "passed"), "{others}");
    reader.json(4, &["audit", "run", slug]).await;
    staff.json(3, &["audit", "run", "nobody-here"]).await;
    staff.json(3, &["audit", "get", "lad_01jd0000000000000000000000"]).await;
    let dry = staff.json(0, &["audit", "run", slug, "--dry-run"]).await;
    assert_eq!(dry["changes"][0]["action"], "audit", "{dry}");
    let table = staff.run(&["audit", "run", slug]).await;
    assert!(table.code == 0 && table.stdout.contains("STATUS") && table.stdout.contains("passed"), "{table:?}");
    let recorded = stack.database.texts(&format!("SELECT DISTINCT outcome || coalesce(' ' || code, '') FROM platform.audit_record WHERE action = 'ledger_audit.create' AND target = '{slug}' ORDER BY 1")).await;
    assert_eq!(recorded, ["refused no_rule", "succeeded"]);
    worker.stop().await;
    app.check_invariants().await;
}

async fn a_terminated_worker_gives_its_turns_back_and_a_suspended_tenants_jobs_rest(app: App) {
    let stack = app.own_stack(Wishes::default()).await;
    let tenant = app.tenant_on(&stack, &Plan::default()).await;
    let staff = stack.staff("staff_admin");
    let path = format!("/platform/v1/tenants/{}", tenant.slug);
    let reason = json!({});
    let suspend = |verb: &'static str| {
        let (staff, path, reason) = (staff.clone(), path.clone(), reason.clone());
        async move {
            let headers = vec![("tessera-reason".to_owned(), "a test".to_owned())];
            let extras = crate::app::client::Extras { body: Some(reason), headers, ..Default::default() };
            staff.send("POST", &format!("{path}/{verb}"), extras).await.ok()
        }
    };
    let mut worker = stack.worker(eager()).await;
    let audited = || async { stack.database.number("SELECT count(*) FROM platform.ledger_audit").await };
    until(PATIENCE, || async { audited().await == 2 }).await;
    suspend("suspend").await;
    expired_holds_of_a_suspended_tenant(&stack, &tenant.test).await;
    staff.post(&format!("{path}/ledger_audits"), json!({})).await.refused(409, "tenant_suspended");
    // A turn of another tenant that came later has been taken meanwhile: this one's would have been too.
    let other = app.tenant_on(&stack, &Plan::default()).await;
    until(PATIENCE, || async { audited().await == 4 }).await;
    let pending = || async { count(&stack, &tenant.test, "ledger_hold WHERE state = 'pending'").await };
    assert_eq!(pending().await, 3);
    suspend("resume").await;
    until(PATIENCE, || async { pending().await == 0 }).await;
    until_status(PATIENCE, 200, || async { worker.anonymous().get("/readyz").await }).await;
    worker.stop().await;
    let held = "SELECT count(*) FROM platform.environment_job WHERE lease_owner IS NOT NULL";
    assert_eq!(stack.database.number(held).await, 0, "a stopped worker holds nothing");
    assert!(worker.log_lines().iter().any(|line| said(line, "stopped")), "it ended in order");
    assert_eq!(count(&stack, &other.test, "ledger_hold").await, 0);
    app.check_invariants().await;
}

/// The router knows them no more, so they are made below it.
async fn expired_holds_of_a_suspended_tenant(stack: &Stack, environment: &Environment) {
    let schema = &environment.schema;
    stack
        .database
        .execute(&format!(
            "BEGIN; SET LOCAL search_path TO {schema}; \
             INSERT INTO ledger_account (id, currency, created_at) VALUES (gen_random_uuid(), 'eur', now()), (gen_random_uuid(), 'eur', now()); \
             INSERT INTO wallet (id, account_id, currency, created_at) SELECT id, id, 'eur', now() FROM ledger_account; \
             INSERT INTO ledger_hold (id, debit_account_id, credit_account_id, currency, amount_minor, remaining_minor, \
               captured_minor, state, expires_at, created_at) \
             SELECT gen_random_uuid(), (SELECT min(id::text)::uuid FROM wallet), (SELECT max(id::text)::uuid FROM wallet), 'eur', 1, 1, 0, \
               'pending', now(), now() - interval '1 minute' FROM generate_series(1, 3); \
             INSERT INTO wallet_hold SELECT id, debit_account_id, credit_account_id, '{{}}', created_at FROM ledger_hold; \
             UPDATE ledger_account SET held_minor = 3 WHERE id = (SELECT min(id::text)::uuid FROM wallet); COMMIT"
        ))
        .await;
}
