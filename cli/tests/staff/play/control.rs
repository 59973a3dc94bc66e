//! A control plane in one file. Slugs say how it behaves: `slow` never ends, `broken` fails, `partly` half fails.

use axum::{body::Body, http::StatusCode, response::Response};
use serde_json::{Value, json};

use super::state::{Call, State};

pub(super) fn reply(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("request-id", "req_played")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn refusal(status: u16, code: &str, message: &str) -> Response {
    reply(status, &json!({ "error": { "type": "invalid_request_error", "code": code, "message": message } }))
}

pub(super) fn answer(state: &mut State, call: &Call) -> Response {
    if state.outages > 0 {
        state.outages -= 1;
        return refusal(503, "unavailable", "Away for a moment.");
    }
    let token = call.header("authorization").trim_start_matches("Bearer ").to_owned();
    if !(token == "good" || token == "weak" || token == format!("access-{}", state.tokens)) {
        return refusal(401, "token_invalid", "The token is not valid.");
    }
    if token == "weak" && call.method == "POST" {
        return refusal(403, "permission_denied", "Your role may not do this.");
    }
    route(state, call)
}

fn route(state: &mut State, call: &Call) -> Response {
    let path = call.path.clone();
    let words: Vec<&str> = path.trim_start_matches("/platform/v1/").split('/').collect();
    let dry_run = call.query.contains("dry_run=true");
    match (call.method.as_str(), words.as_slice()) {
        ("GET", ["identity"]) => reply(
            200,
            &json!({ "object": "identity", "subject": "staff|sam", "role": "staff_admin", "issuer": "http://id", "expires_at": "2026-01-01T00:00:00Z" }),
        ),
        ("GET", ["tenants"]) => list(state, &call.query),
        ("GET", ["tenants", slug]) => match state.tenants.get(*slug) {
            Some(tenant) => reply(200, tenant),
            None => refusal(404, "tenant_missing", "There is no such tenant."),
        },
        ("GET", ["tenants", slug, "kms_keys"]) => reply(
            200,
            &json!({ "object": "list", "has_more": false, "data": [key(slug, "live", "enabled"), key(slug, "test", "enabled")] }),
        ),
        ("GET", ["ledger_audits"]) => reply(200, &audits(&["acme", "broken"], &call.query)),
        ("GET", ["ledger_audits", id]) => reply(200, &audit("broken", "test", id)),
        ("GET", ["tenants", slug, "ledger_audits"]) => match *slug {
            // No worker runs there.
            "slow" => reply(200, &audits(&[], &call.query)),
            slug => reply(200, &audits(&[slug], &call.query)),
        },
        ("POST", ["tenants", slug, "ledger_audits"]) if !dry_run => {
            let environments = json!([{ "id": "env_live", "mode": "live" }, { "id": "env_test", "mode": "test" }]);
            let request = json!({ "object": "ledger_audit_request", "tenant": slug, "environments": environments, "requested_at": "2026-01-01T00:00:00Z" });
            written(true, "requested", &request, None)
        }
        ("POST", ["tenants"]) => create(state, &call.body, dry_run),
        ("POST", ["tenants", slug, "api_keys", "rotate"]) => rotate(state, slug, &call.body, dry_run),
        ("POST", ["tenants", slug, "data_keys", "rotate"]) if !dry_run => {
            written(true, "rotated", &json!({ "object": "data_key_rotation", "tenant": slug }), None)
        }
        ("POST", ["tenants", slug, "kms_keys", mode, verb]) if !dry_run => {
            written(true, verb, &key(slug, mode, "enabled"), None)
        }
        ("POST", ["tenants", slug, verb @ ("suspend" | "resume" | "offboard")]) => {
            status(state, slug, verb, call, dry_run)
        }
        ("POST", ["tenants", slug]) if !dry_run => update(state, slug, &call.body),
        ("POST", ["migrations"]) if !dry_run => migrate(state, &call.body),
        ("POST", ["plans"]) => plan(state, &call.body),
        ("POST", ["plans", "apply"]) => apply(state, &call.body, dry_run),
        (_, ["operations", ..]) => operations(state, (&call.method, &words), dry_run),
        ("POST", _) if dry_run => {
            planned(&json!([{ "action": "update", "tenant": "acme", "field": null, "from": null, "to": null }]))
        }
        _ => refusal(404, "route_missing", "There is no such route."),
    }
}

fn operations(state: &mut State, request: (&str, &[&str]), dry_run: bool) -> Response {
    match request {
        ("GET", ["operations"]) => {
            let data: Vec<_> = state.operations.values().cloned().collect();
            reply(200, &json!({ "object": "list", "has_more": false, "data": data }))
        }
        ("GET", ["operations", id]) => poll(state, id),
        ("POST", ["operations", id, "resume"]) if !dry_run => match state.operations.get_mut(*id) {
            Some(operation) if operation["state"] == "running" => {
                refusal(409, "operation_running", "Another process works on this operation.")
            }
            Some(operation) => {
                operation["state"] = json!("succeeded");
                let operation = operation.clone();
                written(true, "resumed", &operation, Some(id))
            }
            None => refusal(404, "operation_missing", "There is no such operation."),
        },
        ("POST", ["operations", id, "cancel"]) if !dry_run => match state.operations.get_mut(*id) {
            Some(operation) => {
                operation["state"] = json!("cancelled");
                let operation = operation.clone();
                written(true, "cancelled", &operation, None)
            }
            None => refusal(404, "operation_missing", "There is no such operation."),
        },
        _ => planned(&json!([{ "action": "resume", "tenant": "acme", "field": null, "from": null, "to": null }])),
    }
}

fn planned(changes: &Value) -> Response {
    reply(200, &json!({ "dry_run": true, "changes": changes }))
}

fn written(changed: bool, action: &str, object: &Value, operation: Option<&str>) -> Response {
    reply(
        200,
        &json!({ "changed": changed, "action": action, "object": object, "operation_id": operation, "request_id": "req_played" }),
    )
}

/// What a worker found: nothing, except on the test side of `broken`. Older audits come behind the newest.
fn audits(slugs: &[&str], query: &str) -> Value {
    let wanted = |audit: &Value| !query.contains("status=failed") || audit["status"] == "failed";
    let of = |slug: &&str| {
        let old = json!({ "started_at": "2025-12-31T23:59:59Z", "status": "passed", "environment": "env_live" });
        [
            audit(slug, "live", "lad_01jb3v8z4q5t6w7x8y9zabcdef"),
            audit(slug, "test", "lad_01jb3v8z6m2c8v5b9n1kabcdef"),
            old,
        ]
    };
    let data: Vec<_> = slugs.iter().flat_map(of).filter(wanted).collect();
    json!({ "object": "list", "has_more": false, "data": data })
}

fn audit(slug: &str, mode: &str, id: &str) -> Value {
    let findings = if slug == "broken" && mode == "test" {
        json!([{ "check": "balance", "account": "lac_1", "currency": "eur", "sequence": null, "expected": "5", "found": "6" }])
    } else {
        json!([])
    };
    let found = findings.as_array().unwrap().len();
    json!({
        "object": "ledger_audit", "id": id, "tenant": slug, "environment": format!("env_{mode}"), "mode": mode,
        "status": if found == 0 { "passed" } else { "failed" }, "accounts": 3, "entries": 8, "findings_count": found,
        "findings": findings, "started_at": "2026-01-01T00:00:00.5Z", "finished_at": "2026-01-01T00:00:01.25Z",
    })
}

fn key(slug: &str, mode: &str, state: &str) -> Value {
    json!({ "object": "kms_key", "tenant": slug, "mode": mode, "provider": "local", "reference": "env_1", "state": state })
}

fn list(state: &State, query: &str) -> Response {
    let parameter =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(str::to_owned));
    let limit: usize = parameter("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
    let after = parameter("starting_after");
    let rest: Vec<_> = state
        .tenants
        .values()
        .filter(|tenant| after.as_deref().is_none_or(|after| tenant["id"].as_str() > Some(after)))
        .cloned()
        .collect();
    let data: Vec<_> = rest.iter().take(limit).cloned().collect();
    reply(
        200,
        &json!({ "object": "list", "url": "/platform/v1/tenants", "has_more": rest.len() > limit, "data": data }),
    )
}

fn operation(id: &str, kind: &str, target: &str, state: &str, steps: &Value) -> Value {
    json!({
        "object": "operation", "id": id, "kind": kind, "target": target, "state": state, "error": null, "actor": "staff|sam",
        "reason": null, "steps": steps, "progress": { "done": 0, "total": 2, "failed": 0 },
        "created_at": "2026-01-01T00:00:00.123Z", "finished_at": null,
    })
}

pub(super) fn finished(id: &str) -> Value {
    let steps = json!([{ "sequence": 1, "name": "role", "tenant": "acme", "mode": "live", "outcome": "done", "duration_ms": 12 }]);
    operation(id, "tenant.create", "acme", "succeeded", &steps)
}

/// A new operation that ends in `state` after so many polls.
fn start(state: &mut State, kind: &str, target: &str, end: &Value, polls: usize) -> String {
    let id = format!("op_01jb3v8z4q5t6w7x8y9z{:06}", state.operations.len());
    let mut running = operation(&id, kind, target, "running", &json!([]));
    running["end"] = end.clone();
    state.operations.insert(id.clone(), running);
    state.polls.insert(id.clone(), polls);
    id
}

fn poll(state: &mut State, id: &str) -> Response {
    let Some(operation) = state.operations.get_mut(id) else {
        return refusal(404, "operation_missing", "There is no such operation.");
    };
    let left = state.polls.entry(id.to_owned()).or_default();
    if *left > 0 {
        *left -= 1;
    } else if let Some(end) = operation.as_object_mut().unwrap().remove("end") {
        operation.as_object_mut().unwrap().extend(end.as_object().unwrap().clone());
        let slug = operation["target"].as_str().unwrap().to_owned();
        if let Some(tenant) = state.tenants.get_mut(&slug) {
            tenant["status"] = json!(if operation["state"] == "succeeded" { "active" } else { "provisioning" });
        }
    }
    let mut shown = operation.clone();
    shown.as_object_mut().unwrap().remove("end");
    reply(200, &shown)
}

fn create(state: &mut State, spec: &Value, dry_run: bool) -> Response {
    let slug = spec["slug"].as_str().unwrap().to_owned();
    if let Some(known) = state.specs.get(&slug) {
        if known != spec {
            return refusal(
                409,
                "tenant_exists_with_other_spec",
                "There is a tenant of that name with another specification.",
            );
        }
        if dry_run {
            return planned(&json!([]));
        }
        return written(false, "unchanged", &state.tenants[&slug], None);
    }
    if dry_run {
        return planned(&json!([{ "action": "create", "tenant": slug, "field": null, "from": null, "to": null }]));
    }
    let tenant = json!({
        "object": "tenant", "id": format!("ten_{:04}", state.tenants.len()), "slug": slug, "name": spec["name"], "plan": "standard",
        "status": "provisioning", "issuer": spec["issuer"], "revision": 1, "created_at": "2026-01-01T00:00:00.5Z", "updated_at": "2026-01-01T00:00:00Z",
        "environments": [{ "id": "env_1", "mode": "live", "state": "active", "schema": "t_1_live", "schema_version": "m0001",
            "key": { "provider": "local", "reference": "env_1", "state": "enabled" }, "locator": "abc" }],
    });
    state.tenants.insert(slug.clone(), tenant.clone());
    state.specs.insert(slug.clone(), spec.clone());
    let step = |sequence: i64, mode: &str| json!({ "sequence": sequence, "name": "schema", "tenant": slug, "mode": mode, "outcome": "done", "duration_ms": 1_240 });
    let (end, polls) = match slug.as_str() {
        "slow" => (json!({ "state": "succeeded" }), usize::MAX),
        "broken" => (
            json!({ "state": "failed", "error": { "code": "key_denied", "message": "The key service refused.", "hint": "Let it." } }),
            0,
        ),
        _ => (
            json!({ "state": "succeeded", "steps": [step(1, "live"), step(2, "test")], "progress": { "done": 2, "total": 2, "failed": 0 } }),
            1,
        ),
    };
    let id = start(state, "tenant.create", &slug, &end, polls);
    written(true, "created", &tenant, Some(&id))
}

fn rotate(state: &mut State, slug: &str, body: &Value, dry_run: bool) -> Response {
    if !state.tenants.contains_key(slug) {
        return refusal(404, "tenant_missing", "There is no such tenant.");
    }
    if dry_run {
        return planned(
            &json!([{ "action": "create", "tenant": slug, "field": "api_key", "from": null, "to": "live" }]),
        );
    }
    let known = state.has_keys.insert(slug.to_owned(), true).unwrap_or(false);
    if known && body["only_if_none"] == true {
        return written(false, "unchanged", &json!({ "object": "api_key_rotation", "keys": [] }), None);
    }
    let key = |mode: &str| json!({ "mode": mode, "id": format!("key_{mode}"), "secret": format!("sk_{mode}_{}", "s3cr3t".repeat(7)), "expires_previous_at": null });
    written(true, "rotated", &json!({ "object": "api_key_rotation", "keys": [key("live"), key("test")] }), None)
}

fn status(state: &mut State, slug: &str, verb: &str, call: &Call, dry_run: bool) -> Response {
    let Some(tenant) = state.tenants.get_mut(slug) else {
        return refusal(404, "tenant_missing", "There is no such tenant.");
    };
    if call.header("tessera-reason").is_empty() {
        return refusal(400, "reason_required", "This act needs a reason.");
    }
    let (to, done) = match verb {
        "suspend" => ("suspended", "suspended"),
        "resume" => ("active", "resumed"),
        _ => ("offboarded", "offboarded"),
    };
    if dry_run {
        return planned(
            &json!([{ "action": verb, "tenant": slug, "field": "status", "from": tenant["status"], "to": to }]),
        );
    }
    if tenant["status"] == to {
        let tenant = tenant.clone();
        return written(false, "unchanged", &tenant, None);
    }
    tenant["status"] = json!(to);
    let tenant = tenant.clone();
    written(true, done, &tenant, None)
}

fn update(state: &mut State, slug: &str, body: &Value) -> Response {
    let Some(tenant) = state.tenants.get_mut(slug) else {
        return refusal(404, "tenant_missing", "There is no such tenant.");
    };
    let changed = body.get("plan").is_some_and(|plan| *plan != tenant["plan"]);
    if changed {
        tenant["plan"] = body["plan"].clone();
    }
    let tenant = tenant.clone();
    written(changed, if changed { "updated" } else { "unchanged" }, &tenant, None)
}

fn migrate(state: &mut State, body: &Value) -> Response {
    let slugs: Vec<String> = match body["tenants"].as_array() {
        Some(slugs) => slugs.iter().map(|slug| slug.as_str().unwrap().to_owned()).collect(),
        None => state.tenants.keys().cloned().collect(),
    };
    let mut steps = Vec::new();
    for (index, slug) in slugs.iter().enumerate() {
        let failed = slug == "partly" || slug == "broken";
        steps.push(json!({
            "sequence": index + 1, "name": "migrate", "tenant": slug, "mode": "live", "duration_ms": 40 + index,
            "outcome": if failed { "failed" } else { "done" }, "detail": if failed { json!("lock timeout") } else { json!("m0002") },
        }));
    }
    let bad = steps.iter().filter(|step| step["outcome"] == "failed").count();
    let end = json!({
        "state": if bad == 0 { "succeeded" } else if bad < steps.len() { "partial" } else { "failed" },
        "error": if bad == 0 { Value::Null } else { json!({ "code": "environments_failed", "message": format!("{bad} of {} environments failed.", steps.len()) }) },
        "progress": { "done": steps.len() - bad, "total": steps.len(), "failed": bad }, "steps": steps,
    });
    let id = start(state, "migration", "environments", &end, 1);
    let operation = state.operations[&id].clone();
    written(true, "started", &operation, Some(&id))
}

fn plan(state: &State, body: &Value) -> Response {
    let specs = body["tenants"].as_array().unwrap();
    let changes: Vec<_> = specs
        .iter()
        .filter(|spec| !state.tenants.contains_key(spec["slug"].as_str().unwrap_or_default()))
        .map(|spec| json!({ "action": "create", "tenant": spec["slug"], "field": null, "from": null, "to": null }))
        .collect();
    reply(
        200,
        &json!({ "object": "plan", "base_revision": state.revision, "changes": changes, "checksum": "sha256:00", "specs": specs }),
    )
}

fn apply(state: &mut State, body: &Value, dry_run: bool) -> Response {
    if body["base_revision"] != state.revision {
        return refusal(409, "plan_stale", "The platform has changed since this plan was made.");
    }
    if dry_run {
        return planned(&body["changes"]);
    }
    let steps: Vec<_> = body["specs"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(index, spec)| json!({ "sequence": index + 1, "name": "apply", "tenant": spec["slug"], "outcome": "done", "duration_ms": 5 }))
        .collect();
    let id = start(state, "plan.apply", "sha256:00", &json!({ "state": "succeeded", "steps": steps }), 0);
    let operation = state.operations[&id].clone();
    written(true, "applying", &operation, Some(&id))
}
