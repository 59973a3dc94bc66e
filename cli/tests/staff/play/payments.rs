//! A payment API in one file: customers, wallets and bulks of transfers, each answered once per key.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use kernel::{RequestId, SystemClock, SystemEntropy, WalletTransferId};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// The one key it takes.
pub(crate) const SECRET_KEY: &str = "sk_test_0123456789abplayed";
const BODY_BYTES_MAX: usize = 16 << 20;

/// What the played API holds.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Answers by key: what was asked and what was made.
    answers: BTreeMap<String, (Value, Value)>,
    pub(crate) customers: Vec<Value>,
    pub(crate) wallets: BTreeMap<String, Value>,
    pub(crate) balances: BTreeMap<String, i64>,
    /// In the order they were posted, each with both balances after it.
    pub(crate) transfers: Vec<Value>,
    /// Requests to answer with 503 before anything else.
    pub(crate) outages: usize,
    /// Bulks whose answer is cut off after they were carried out.
    pub(crate) torn_answers: usize,
    /// A transfer to refuse, by its `source_id`.
    pub(crate) refused: Option<String>,
    pub(crate) requests: usize,
}

/// A running payment API.
pub(crate) struct Payments {
    address: SocketAddr,
    ledger: Arc<Mutex<Ledger>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Payments {
    pub(crate) fn open() -> Self {
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let (ready, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = ledger.clone();
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let router = Router::new().fallback(move |request: Request| answer(shared.clone(), request));
                tokio::select! {
                    served = axum::serve(listener, router) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address: address.recv().unwrap(), ledger, stop: Some(stop) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }
}

impl Drop for Payments {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

async fn answer(ledger: Arc<Mutex<Ledger>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await.unwrap();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut ledger = ledger.lock().unwrap();
    ledger.requests += 1;
    if header("authorization") != format!("Bearer {SECRET_KEY}") {
        return refusal(401, "authentication_required");
    }
    if ledger.outages > 0 {
        ledger.outages -= 1;
        return refusal(503, "database_unavailable");
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    match parts.uri.path() {
        "/v1/wallet_transfers/bulk" => ledger.bulk(&body),
        path => ledger.create(path, header("idempotency-key"), body),
    }
}

impl Ledger {
    /// What must not change when nothing should.
    pub(crate) fn contents(&self) -> (BTreeMap<String, i64>, usize, usize) {
        (self.balances.clone(), self.customers.len(), self.transfers.len())
    }

    fn create(&mut self, path: &str, key: &str, body: Value) -> Response {
        if let Some((asked, made)) = self.answers.get(key) {
            return if *asked == body { reply(made, true) } else { refusal(400, "idempotency_error") };
        }
        let mut made = body.clone();
        if path == "/v1/customers" {
            made["id"] = json!(format!("cus_{}", self.customers.len()));
            self.customers.push(made.clone());
        } else {
            let id = format!("wal_{}", self.wallets.len());
            made["id"] = json!(id);
            self.balances.insert(id.clone(), 0);
            self.wallets.insert(id, made.clone());
        }
        self.answers.insert(key.to_owned(), (body, made.clone()));
        reply(&made, false)
    }

    fn bulk(&mut self, body: &Value) -> Response {
        assert_eq!(body["mode"], "independent");
        let request = RequestId::generate(&SystemClock, &SystemEntropy);
        let items = body["transfers"].as_array().unwrap();
        let mut lines = String::new();
        for (index, item) in items.iter().enumerate() {
            writeln!(lines, "{}", self.item(index, item)).unwrap();
        }
        if self.torn_answers > 0 {
            self.torn_answers -= 1;
            lines.truncate(lines.len() / 2);
        }
        let response = Response::builder().header("content-type", "application/x-ndjson");
        response.header("request-id", request.to_string()).body(Body::from(lines)).unwrap()
    }

    fn item(&mut self, index: usize, item: &Value) -> Value {
        let key = item["idempotency_key"].as_str().unwrap();
        if let Some((asked, made)) = self.answers.get(key) {
            assert_eq!(asked, item, "another transfer under the same key");
            return json!({ "index": index, "status": "succeeded", "wallet_transfer": made });
        }
        let [source, destination] = ["source", "destination"].map(|side| item[side].as_str().unwrap().to_owned());
        let amount = item["amount"].as_i64().unwrap();
        let left = self.balances[&source] - amount;
        let wallet = &self.wallets[&source];
        let is_short = wallet["type"] != "clearing" && left < -wallet["overdraft_limit"].as_i64().unwrap_or(0);
        if is_short || self.refused.as_deref() == item["metadata"]["source_id"].as_str() {
            let error =
                json!({ "type": "invalid_request_error", "code": "insufficient_funds", "message": "Too little." });
            return json!({ "index": index, "status": "failed", "error": error });
        }
        self.balances.insert(source.clone(), left);
        *self.balances.get_mut(&destination).unwrap() += amount;
        let mut made = item.clone();
        made["id"] = json!(WalletTransferId::generate(&SystemClock, &SystemEntropy));
        made["balances"] = json!({ source: left, destination.clone(): self.balances[&destination] });
        self.transfers.push(made.clone());
        self.answers.insert(key.to_owned(), (item.clone(), made.clone()));
        json!({ "index": index, "status": "succeeded", "wallet_transfer": made })
    }
}

fn reply(body: &Value, is_replayed: bool) -> Response {
    let response = Response::builder().header("content-type", "application/json");
    let response = if is_replayed { response.header("idempotent-replayed", "true") } else { response };
    response.body(Body::from(body.to_string())).unwrap()
}

fn refusal(status: u16, code: &str) -> Response {
    let error = json!({ "error": { "type": "invalid_request_error", "code": code, "message": "Refused." } });
    Response::builder().status(StatusCode::from_u16(status).unwrap()).body(Body::from(error.to_string())).unwrap()
}
