//! What the play remembers, and how it is told to misbehave.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use axum::{Router, extract::Request, response::Response};
use serde_json::Value;
use tokio::{net::TcpListener, runtime, sync::oneshot};

use super::{FINISHED_OPERATION, control, identity};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// The play's memory.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tenants: BTreeMap<String, Value>,
    pub(crate) specs: BTreeMap<String, Value>,
    pub(crate) operations: BTreeMap<String, Value>,
    pub(crate) has_keys: BTreeMap<String, bool>,
    pub(crate) calls: Vec<Call>,
    /// Requests to answer with 503 before anything else.
    pub(crate) outages: usize,
    /// Polls of a running operation before it ends.
    pub(crate) polls: BTreeMap<String, usize>,
    pub(crate) revision: i64,
    /// Seconds a token lives.
    pub(crate) token_ttl: u64,
    pub(crate) tokens: usize,
    pub(crate) refresh_token: String,
    pub(crate) device_polls: usize,
    pub(crate) revoked: Vec<String>,
}

/// A running play.
pub(crate) struct Stage {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Stage {
    pub(crate) fn open() -> Self {
        let mut state = State { token_ttl: 600, ..State::default() };
        state.operations.insert(FINISHED_OPERATION.to_owned(), control::finished(FINISHED_OPERATION));
        let state = Arc::new(Mutex::new(state));
        let (ready, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = state.clone();
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                ready.send(address).unwrap();
                let router = Router::new().fallback(move |request: Request| answer(shared.clone(), address, request));
                tokio::select! {
                    served = axum::serve(listener, router) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address: address.recv().unwrap(), state, stop: Some(stop) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}/idp", self.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The writes so far.
    pub(crate) fn writes(&self) -> Vec<Call> {
        self.state()
            .calls
            .iter()
            .filter(|call| call.method == "POST" && !call.path.starts_with("/idp"))
            .cloned()
            .collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

async fn answer(state: Arc<Mutex<State>>, address: SocketAddr, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let call = Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into()),
    };
    let mut state = state.lock().unwrap();
    state.calls.push(call.clone());
    if call.path.starts_with("/idp") {
        identity::answer(&mut state, address, &call)
    } else {
        control::answer(&mut state, &call)
    }
}
