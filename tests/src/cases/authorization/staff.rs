//! The staff API: every route with every kind of credential.

use std::collections::BTreeSet;

use kernel::{Clock as _, SystemClock};
use policies::{Attributes, PolicySnapshot};
use serde_json::{Value, json};

use super::table;
use crate::app::{
    App,
    client::{Answer, Client, Extras},
    mint::{Issuer, KeyKind},
    stack::{STAFF_AUDIENCE, Stack},
    tenant::{Plan, Tenant, specification},
};

/// A route of the staff API and the action its policy is asked about.
struct Probe {
    method: &'static str,
    path: &'static str,
    needs: Needs,
}

/// What a route asks of a credential.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    AnyStaff,
    Right(&'static str, &'static str),
}

const fn probe(method: &'static str, path: &'static str, needs: Needs) -> Probe {
    Probe { method, path, needs }
}

const PROBES: &[Probe] = &[
    probe("GET", "/healthz", Needs::Nothing),
    probe("GET", "/readyz", Needs::Nothing),
    probe("GET", "/openapi.json", Needs::Nothing),
    probe("GET", "/platform/v1/identity", Needs::AnyStaff),
    probe("POST", "/platform/v1/tenants", Needs::Right("tenant", "create")),
    probe("GET", "/platform/v1/tenants", Needs::Right("tenant", "list")),
    probe("GET", "/platform/v1/tenants/{slug}", Needs::Right("tenant", "retrieve")),
    probe("POST", "/platform/v1/tenants/{slug}", Needs::Right("tenant", "update")),
    probe("POST", "/platform/v1/tenants/{slug}/suspend", Needs::Right("tenant", "suspend")),
    probe("POST", "/platform/v1/tenants/{slug}/resume", Needs::Right("tenant", "resume")),
    probe("POST", "/platform/v1/tenants/{slug}/offboard", Needs::Right("tenant", "offboard")),
    probe("POST", "/platform/v1/tenants/{slug}/api_keys/rotate", Needs::Right("key", "rotate")),
    probe("POST", "/platform/v1/tenants/{slug}/data_keys/rotate", Needs::Right("key", "rotate")),
    probe("GET", "/platform/v1/tenants/{slug}/kms_keys", Needs::Right("key", "list")),
    probe("POST", "/platform/v1/tenants/{slug}/kms_keys/{mode}/rotate", Needs::Right("key", "rotate")),
    probe("POST", "/platform/v1/tenants/{slug}/kms_keys/{mode}/disable", Needs::Right("key", "disable")),
    probe("POST", "/platform/v1/tenants/{slug}/kms_keys/{mode}/enable", Needs::Right("key", "enable")),
    probe("POST", "/platform/v1/tenants/{slug}/kms_keys/{mode}/destroy", Needs::Right("key", "destroy")),
    probe("GET", "/platform/v1/ledger_audits", Needs::Right("ledger_audit", "list")),
    probe("GET", "/platform/v1/ledger_audits/{id}", Needs::Right("ledger_audit", "retrieve")),
    probe("GET", "/platform/v1/tenants/{slug}/ledger_audits", Needs::Right("ledger_audit", "list")),
    probe("POST", "/platform/v1/tenants/{slug}/ledger_audits", Needs::Right("ledger_audit", "create")),
    probe("POST", "/platform/v1/migrations", Needs::Right("migration", "create")),
    probe("POST", "/platform/v1/plans", Needs::Right("plan", "create")),
    probe("POST", "/platform/v1/plans/apply", Needs::Right("plan", "apply")),
    probe("GET", "/platform/v1/operations", Needs::Right("operation", "list")),
    probe("GET", "/platform/v1/operations/{id}", Needs::Right("operation", "retrieve")),
    probe("POST", "/platform/v1/operations/{id}/resume", Needs::Right("operation", "resume")),
    probe("POST", "/platform/v1/operations/{id}/cancel", Needs::Right("operation", "cancel")),
];

/// A credential and the role it has, if any.
struct Credential {
    name: &'static str,
    role: Option<&'static str>,
    client: Client,
}

fn credentials(stack: &Stack, tenant: &Tenant, stranger: &Issuer) -> Vec<Credential> {
    let anonymous = stack.control.anonymous();
    let good = || stack.staff_issuer.bare_token(STAFF_AUDIENCE, "sam").claim("staff_role", "staff_admin");
    let nobody = |name, client: Client| Credential { name, role: None, client };
    let token = |name, text: String| nobody(name, anonymous.with_bearer(&text));
    let staff = |role| Credential { name: role, role: Some(role), client: stack.staff(role) };
    vec![
        nobody("none", anonymous.clone()),
        nobody("malformed", anonymous.with_authorization("Bearer not-a-credential")),
        token("forged", good().signature(&[7; 64]).mint()),
        token("expired", good().at("exp", -120).mint()),
        token("wrong_audience", good().audience("urn:tessera:test").mint()),
        token("other_issuer", stranger.bare_token(STAFF_AUDIENCE, "sam").claim("staff_role", "staff_admin").mint()),
        token("no_role", good().without("staff_role").mint()),
        token("unknown_role", good().claim("staff_role", "owner").mint()),
        token("role_as_list", good().claim("staff_role", json!(["staff_admin"])).mint()),
        token(
            "tenant_owner",
            tenant.test.member_token("owner").claim("staff_role", "staff_admin").audience(STAFF_AUDIENCE).mint(),
        ),
        nobody("api_key", anonymous.with_bearer(&tenant.test.secret_key)),
        staff("staff_read_only"),
        staff("staff_operator"),
        staff("staff_admin"),
    ]
}

/// What a probe sends; writes are dry, so that even those that succeed change nothing.
struct World {
    slug: String,
    operation: String,
    audit: String,
    newcomer: Value,
    plan: Value,
}

impl World {
    async fn send(&self, client: &Client, probe: &Probe) -> Answer {
        let id = if probe.path.contains("/ledger_audits/") { &self.audit } else { &self.operation };
        let path = probe.path.replace("{slug}", &self.slug).replace("{mode}", "test").replace("{id}", id);
        if probe.method == "GET" {
            return client.get(&path).await;
        }
        let body = match probe.path {
            "/platform/v1/tenants" => self.newcomer.clone(),
            "/platform/v1/tenants/{slug}" => json!({"plan": "premium"}),
            "/platform/v1/migrations" => json!({"tenants": [self.slug]}),
            "/platform/v1/plans" => json!({"tenants": [self.newcomer]}),
            "/platform/v1/plans/apply" => self.plan.clone(),
            "/platform/v1/tenants/{slug}/data_keys/rotate" => json!({"mode": "test"}),
            path if path.ends_with("/offboard") || path.ends_with("/destroy") => json!({"confirm": self.slug}),
            _ => json!({}),
        };
        let dry = if probe.path == "/platform/v1/plans" { "" } else { "?dry_run=true" };
        let headers = vec![("tessera-reason".to_owned(), "a test".to_owned())];
        client.send("POST", &format!("{path}{dry}"), Extras { body: Some(body), headers, ..Extras::default() }).await
    }

    /// What of this world a refused request could have changed.
    async fn traces(&self, stack: &Stack, tenant: &Tenant) -> Vec<String> {
        let (slug, new) = (&self.slug, self.newcomer["slug"].as_str().unwrap());
        let mut traces = stack.database.texts(&format!(
            "SELECT md5(t::text) FROM platform.tenant t WHERE slug IN ('{slug}', '{new}') UNION ALL \
             SELECT md5(e::text) FROM platform.environment e JOIN platform.tenant t ON t.id = e.tenant_id WHERE t.slug = '{slug}' UNION ALL \
             SELECT md5(string_agg(o::text, '' ORDER BY id)) FROM platform.operation o WHERE target IN ('{slug}', '{new}')"
        )).await;
        traces.push(format!("{:?}", stack.database.contents(&tenant.test.schema).await));
        traces
    }
}

pub async fn every_route_of_the_staff_api_answers_every_credential_as_the_committed_table_says(app: App) {
    let stack = app.shared().await;
    let tenant = app.tenant().await;
    let (slug, new) = (tenant.slug.clone(), App::new_slug());
    let (issuer, stranger) =
        (stack.mint.issuer(&new, KeyKind::P256), stack.mint.issuer(&format!("{new}-stranger"), KeyKind::P256));
    let newcomer = specification(&new, issuer.url(), &Plan::default());
    let admin = stack.staff("staff_admin");
    let operations = stack
        .database
        .texts(&format!("SELECT id::text FROM platform.operation WHERE target = '{slug}' AND kind = 'tenant.create'"))
        .await;
    let operation = kernel::OperationId::from_uuid(operations[0].parse().unwrap()).to_string();
    // As a worker leaves it.
    let audits = stack
        .database
        .texts(&format!(
            "INSERT INTO platform.ledger_audit SELECT gen_random_uuid(), id, now(), now(), 0, 0, 0, '[]' \
             FROM platform.environment WHERE schema_name = '{}' RETURNING id::text",
            tenant.test.schema
        ))
        .await;
    let audit = kernel::LedgerAuditId::from_uuid(audits[0].parse().unwrap()).to_string();
    let plan = admin.post("/platform/v1/plans", json!({"tenants": [newcomer]})).await.ok();
    let world = World { slug, operation, audit, newcomer, plan };
    let credentials = credentials(&stack, &tenant, &stranger);

    let platform = PolicySnapshot::platform().unwrap();
    let attributes = Attributes::at(SystemClock.now());
    let expected = |probe: &Probe, credential: &Credential| match (probe.needs, credential.role, credential.name) {
        (Needs::Nothing, _, _) => "open",
        (_, None, "expired") => "401-expired",
        (_, None, _) => "401",
        (Needs::AnyStaff, Some(_), _) => "yes",
        (Needs::Right(object, act), Some(role), _) => {
            if platform.explain(role, object, act, &attributes).allowed {
                "yes"
            } else {
                "403"
            }
        }
    };
    let before = world.traces(&stack, &tenant).await;
    let reference = stack.control.anonymous().get("/platform/v1/tenants").await.text;
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for probe in PROBES {
        let mut cells = Vec::new();
        for credential in &credentials {
            let answer = world.send(&credential.client, probe).await;
            let expected = expected(probe, credential);
            let found = in_a_word(&answer, expected);
            if found != expected || (found == "401" && answer.text != reference) {
                wrong.push(format!(
                    "{} {} as {}: {found}, not {expected}: {}",
                    probe.method, probe.path, credential.name, answer.text
                ));
            }
            cells.push(found);
        }
        rows.push((format!("{} {}", probe.method, probe.path), cells));
    }
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(before, world.traces(&stack, &tenant).await, "a refused or dry request changed something");
    app.note(format!("{} routes x {} credentials", PROBES.len(), credentials.len()));
    let header = "# Every route of the staff API with every kind of credential.\n\
        # open: needs none; yes: permitted; 403: refused by the role, with an audit record; 401: no valid staff token.\n\
        # Written by `UPDATE_TABLES=1 cargo test -p tests -- authorization`, compared by the same test.\n";
    let columns: Vec<&str> = credentials.iter().map(|credential| credential.name).collect();
    table::compare("staff-authorization.txt", &table::render(header, &columns, rows.into_iter()));
}

fn in_a_word(answer: &Answer, expected: &str) -> String {
    match (answer.status, answer.code().as_deref()) {
        (200, _) if expected == "open" => "open".to_owned(),
        (200, _) => "yes".to_owned(),
        // Permitted, but not in the present state: a finished operation cannot be cancelled, a plan is stale by now.
        (409, Some(code)) if ["operation_", "tenant_", "plan_"].iter().any(|kind| code.starts_with(kind)) => {
            "yes".to_owned()
        }
        (401, Some("authentication_required")) => "401".to_owned(),
        (401, Some("token_expired")) => "401-expired".to_owned(),
        (403, Some("permission_denied")) => "403".to_owned(),
        (status, code) => format!("{status}-{}", code.unwrap_or("without-code")),
    }
}

pub async fn every_route_of_the_staff_api_has_a_probe_and_is_described(app: App) {
    let routes: BTreeSet<(&str, &str)> = api::platform::router::ROUTES.iter().copied().collect();
    let probes: BTreeSet<(&str, &str)> = PROBES.iter().map(|probe| (probe.method, probe.path)).collect();
    assert_eq!(routes, probes, "routes and probes");
    let stack = app.shared().await;
    super::compare_description(&stack.control.anonymous(), api::platform::router::ROUTES).await;
}

pub async fn tenants_that_do_not_exist_and_slugs_that_are_none_answer_the_same_bytes(app: App) {
    let stack = app.shared().await;
    let tenant = app.tenant().await;
    let operation = "op_01jd0000000000000000000000".to_owned();
    let newcomer = specification(&tenant.slug, tenant.issuer.url(), &Plan::default());
    for role in ["staff_read_only", "staff_operator", "staff_admin"] {
        let client = stack.staff(role);
        for probe in PROBES.iter().filter(|probe| probe.path.contains("{slug}")) {
            let mut reference = None;
            for slug in ["nobody-here", "a%22%3Bdrop%20schema", "UPPER", "x", "%00", "%ff"] {
                let world = World {
                    slug: slug.to_owned(),
                    operation: operation.clone(),
                    audit: String::new(),
                    newcomer: newcomer.clone(),
                    plan: Value::Null,
                };
                let answer = world.send(&client, probe).await;
                // The answer names the tenant that was asked for, where what was asked for could be one.
                let seen = (answer.status, answer.text.replace(",\"tenant\":\"nobody-here\"", ""));
                let first = reference.get_or_insert_with(|| seen.clone());
                assert_eq!(*first, seen, "{} {} for {slug} as {role}", probe.method, probe.path);
                assert!([403, 404].contains(&seen.0), "{seen:?}");
            }
        }
    }
}
