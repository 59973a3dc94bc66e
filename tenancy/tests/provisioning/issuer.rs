//! Token issuers of this process: as many as there are paths, all with one key.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) struct Issuers {
    pub(crate) base: String,
    pub(crate) lying: Arc<AtomicBool>,
    server: JoinHandle<()>,
}

impl Issuers {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let lying = Arc::new(AtomicBool::new(false));
        let state = (base.clone(), Arc::clone(&lying));
        let router = Router::new()
            .route("/{name}/.well-known/openid-configuration", get(discovery))
            .route("/{name}/keys", get(keys))
            .with_state(state);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, lying, server }
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }
}

impl Drop for Issuers {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn discovery(
    State((base, lying)): State<(String, Arc<AtomicBool>)>,
    Path(name): Path<String>,
) -> Result<Json<Value>, StatusCode> {
    if name.starts_with("down") {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let issuer = if lying.load(Ordering::SeqCst) { format!("{base}/other") } else { format!("{base}/{name}") };
    Ok(Json(json!({ "issuer": issuer, "jwks_uri": format!("{base}/{name}/keys") })))
}

/// The public key of RFC 7517, appendix A.1.
async fn keys() -> Json<Value> {
    Json(json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }] }))
}
