//! An identity provider of many issuers in this process, honest or hostile as a test wants it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::mint::Key;

/// How an issuer behaves.
#[derive(Clone, Default)]
pub(crate) struct Behaviour {
    pub(crate) keys: Vec<Value>,
    /// Answers 500 to everything.
    pub(crate) down: bool,
    /// Takes this long to answer with its keys.
    pub(crate) delay_ms: u64,
    /// Redirects discovery here.
    pub(crate) discovery_moved_to: Option<String>,
    /// Redirects the key set here.
    pub(crate) keys_moved_to: Option<String>,
    /// Claims to be this issuer.
    pub(crate) issuer: Option<String>,
    /// Publishes its keys at this address.
    pub(crate) jwks_uri: Option<String>,
    /// Pads the key set to this many bytes.
    pub(crate) padding_bytes: usize,
    /// Answers this instead of a key set.
    pub(crate) nonsense: Option<&'static str>,
}

#[derive(Default)]
struct Shared {
    base: String,
    issuers: HashMap<String, Behaviour>,
    key_requests: HashMap<String, u32>,
}

pub(crate) struct Provider {
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared { base, ..Shared::default() }));
        let router = Router::new()
            .route("/{issuer}/.well-known/openid-configuration", get(discovery))
            .route("/{issuer}/keys", get(keys))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, server }
    }

    /// Makes an issuer that publishes these keys, and answers its URL.
    pub(crate) fn issuer(&self, name: &str, keys: &[&Key]) -> String {
        let behaviour = Behaviour { keys: keys.iter().map(|key| key.jwk()).collect(), ..Behaviour::default() };
        let mut shared = self.shared.lock().unwrap();
        shared.issuers.insert(name.to_owned(), behaviour);
        format!("{}/{name}", shared.base)
    }

    /// Changes how an issuer behaves.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Behaviour)) {
        change(self.shared.lock().unwrap().issuers.get_mut(name).unwrap());
    }

    /// How often an issuer was asked for its keys.
    pub(crate) fn key_requests(&self, name: &str) -> u32 {
        self.shared.lock().unwrap().key_requests.get(name).copied().unwrap_or(0)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn discovery(State(shared): State<Arc<Mutex<Shared>>>, Path(name): Path<String>) -> Response {
    let (behaviour, url) = {
        let shared = shared.lock().unwrap();
        (shared.issuers.get(&name).cloned(), format!("{}/{name}", shared.base))
    };
    let Some(behaviour) = behaviour else { return StatusCode::NOT_FOUND.into_response() };
    if behaviour.down {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if let Some(target) = behaviour.discovery_moved_to {
        return (StatusCode::FOUND, [(header::LOCATION, target)]).into_response();
    }
    let issuer = behaviour.issuer.unwrap_or_else(|| url.clone());
    let jwks_uri = behaviour.jwks_uri.unwrap_or_else(|| format!("{url}/keys"));
    json_response(&json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string())
}

async fn keys(State(shared): State<Arc<Mutex<Shared>>>, Path(name): Path<String>) -> Response {
    let behaviour = {
        let mut shared = shared.lock().unwrap();
        *shared.key_requests.entry(name.clone()).or_default() += 1;
        shared.issuers.get(&name).cloned()
    };
    let Some(behaviour) = behaviour else { return StatusCode::NOT_FOUND.into_response() };
    tokio::time::sleep(Duration::from_millis(behaviour.delay_ms)).await;
    if behaviour.down {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if let Some(target) = behaviour.keys_moved_to {
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, target)]).into_response();
    }
    if let Some(nonsense) = behaviour.nonsense {
        return json_response(nonsense);
    }
    let padding = "x".repeat(behaviour.padding_bytes);
    json_response(&json!({"keys": behaviour.keys, "padding": padding}).to_string())
}

fn json_response(body: &str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_owned()).into_response()
}
