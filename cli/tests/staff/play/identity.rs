//! An identity provider in one file: discovery, device flow, client credentials, refresh with rotation, revocation.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::response::Response;
use serde_json::{Value, json};

use super::{
    control::reply,
    state::{Call, State},
};

pub(super) fn answer(state: &mut State, address: SocketAddr, call: &Call) -> Response {
    let base = format!("http://{address}/idp");
    match call.path.as_str() {
        "/idp/.well-known/openid-configuration" => reply(200, &discovery(&base)),
        "/idp/jwks" => reply(200, &json!({ "keys": [] })),
        "/idp/device" => reply(
            200,
            &json!({
                "device_code": "device-1", "user_code": "WDJB-MJHT", "verification_uri": format!("{base}/activate"),
                "verification_uri_complete": format!("{base}/activate?user_code=WDJB-MJHT"), "expires_in": 60, "interval": 1,
            }),
        ),
        "/idp/token" => token(state, &form(&call.body)),
        "/idp/revoke" => {
            state.revoked.push(form(&call.body).remove("token").unwrap_or_default());
            reply(200, &json!({}))
        }
        _ => reply(404, &json!({ "error": "not_found" })),
    }
}

fn discovery(base: &str) -> Value {
    json!({
        "issuer": base, "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"), "device_authorization_endpoint": format!("{base}/device"),
        "revocation_endpoint": format!("{base}/revoke"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
    })
}

fn form(body: &Value) -> BTreeMap<String, String> {
    let text = body.as_str().unwrap_or_default();
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":")))
        .collect()
}

fn token(state: &mut State, form: &BTreeMap<String, String>) -> Response {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if field("resource") != "urn:tessera:platform" {
        return reply(400, &json!({ "error": "invalid_target" }));
    }
    let person = match field("grant_type") {
        "client_credentials" => false,
        "refresh_token" if field("refresh_token") == state.refresh_token => true,
        "refresh_token" => return reply(400, &json!({ "error": "invalid_grant" })),
        _ if state.device_polls > 0 => {
            state.device_polls -= 1;
            return reply(400, &json!({ "error": "authorization_pending" }));
        }
        _ => true,
    };
    state.tokens += 1;
    let number = state.tokens;
    let mut body =
        json!({ "access_token": format!("access-{number}"), "token_type": "Bearer", "expires_in": state.token_ttl });
    if person {
        state.refresh_token = format!("refresh-{number}");
        body["refresh_token"] = json!(state.refresh_token);
    }
    reply(200, &body)
}
