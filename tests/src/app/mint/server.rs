//! The HTTP side of the mint: discovery documents and key sets, answered well or badly.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::key::PrivateKey;

/// How an issuer answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    #[default]
    Sane,
    /// With this status and nothing else.
    Status(u16),
    /// With something that is not JSON.
    Garbage,
    /// With this many bytes of key set.
    Huge(usize),
    /// After this long.
    Slow(Duration),
    /// With a discovery document that calls itself by another name.
    Impostor,
}

/// What an issuer publishes.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) published: Vec<Value>,
    pub(super) signing: Option<(String, PrivateKey)>,
    pub(super) behaviour: Behaviour,
    pub(super) key_requests: usize,
}

type Entry = (String, Arc<Mutex<Page>>);

/// Every issuer by its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Book(Arc<Mutex<HashMap<String, Entry>>>);

impl Book {
    pub(super) fn add(&self, name: &str, url: String, page: Arc<Mutex<Page>>) {
        let before = self.0.lock().unwrap().insert(name.to_owned(), (url, page));
        assert!(before.is_none(), "there is an issuer {name} already");
    }

    fn entry(&self, name: &str) -> Option<Entry> {
        self.0.lock().unwrap().get(name).cloned()
    }
}

pub(super) async fn serve(book: Book) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/{name}/.well-known/openid-configuration", get(discovery))
        .route("/{name}/keys", get(keys))
        .with_state(book);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

async fn discovery(State(book): State<Book>, Path(name): Path<String>) -> Response {
    let Some((url, page)) = book.entry(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let behaviour = page.lock().unwrap().behaviour;
    let issuer = if behaviour == Behaviour::Impostor { format!("{url}-impostor") } else { url.clone() };
    answer(behaviour, &json!({"issuer": issuer, "jwks_uri": format!("{url}/keys")})).await
}

async fn keys(State(book): State<Book>, Path(name): Path<String>) -> Response {
    let Some((_, page)) = book.entry(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let (behaviour, set) = {
        let mut page = page.lock().unwrap();
        page.key_requests += 1;
        (page.behaviour, json!({"keys": page.published}))
    };
    if let Behaviour::Huge(bytes) = behaviour {
        let padding = "x".repeat(bytes);
        return json_answer(&json!({"keys": set["keys"], "padding": padding}));
    }
    answer(behaviour, &set).await
}

async fn answer(behaviour: Behaviour, document: &Value) -> Response {
    match behaviour {
        Behaviour::Status(code) => StatusCode::from_u16(code).unwrap().into_response(),
        Behaviour::Garbage => (StatusCode::OK, "<html>not what you asked for</html>").into_response(),
        Behaviour::Slow(wait) => {
            tokio::time::sleep(wait).await;
            json_answer(document)
        }
        Behaviour::Sane | Behaviour::Huge(_) | Behaviour::Impostor => json_answer(document),
    }
}

fn json_answer(document: &Value) -> Response {
    Response::builder().header(CONTENT_TYPE, "application/json").body(Body::from(document.to_string())).unwrap()
}
