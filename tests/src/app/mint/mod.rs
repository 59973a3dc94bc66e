//! A mint of our own: issuers that publish keys over HTTP and sign whatever a test wants, true or false.

mod key;
mod server;
mod token;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use kernel::{Clock as _, SystemClock};
use serde_json::{Map, Value, json};

pub use key::{KeyKind, PrivateKey};
pub use server::Behaviour;
use server::{Book, Page};
pub use token::TokenDraft;

/// How long a token is good unless a test says otherwise, in seconds.
const LIFETIME_SECONDS: i64 = 3_600;

/// Many issuers behind one address.
#[derive(Clone, Debug)]
pub struct Mint {
    base: String,
    book: Book,
}

/// One issuer of the mint.
#[derive(Clone, Debug)]
pub struct Issuer {
    url: String,
    page: Arc<Mutex<Page>>,
    keys_made: Arc<AtomicUsize>,
}

fn now_seconds() -> i64 {
    SystemClock.now().unix_timestamp()
}

impl Mint {
    /// Opens the mint on a free port.
    pub async fn open() -> Self {
        let book = Book::default();
        let base = server::serve(book.clone()).await;
        Self { base, book }
    }

    /// A new issuer with one published key.
    pub fn issuer(&self, name: &str, kind: KeyKind) -> Issuer {
        let page = Arc::new(Mutex::new(Page::default()));
        let issuer = Issuer { url: format!("{}/{name}", self.base), page: page.clone(), keys_made: Arc::default() };
        self.book.add(name, issuer.url.clone(), page);
        issuer.rotate(kind);
        issuer
    }
}

impl Issuer {
    /// Its `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Makes a new key the one that signs; earlier keys stay published. Answers its id.
    pub fn rotate(&self, kind: KeyKind) -> String {
        let number = self.keys_made.fetch_add(1, Ordering::SeqCst);
        let key_id = format!("key-{number}");
        self.publish(&key_id, &PrivateKey::generate(kind));
        key_id
    }

    /// Publishes a key under an id of one's choice and signs with it from now on.
    pub fn publish(&self, key_id: &str, key: &PrivateKey) {
        let mut page = self.page.lock().unwrap();
        page.published.push(key.jwk(key_id));
        page.signing = Some((key_id.to_owned(), key.clone()));
    }

    /// Takes a key out of the published set.
    pub fn withdraw(&self, key_id: &str) {
        self.page.lock().unwrap().published.retain(|jwk| jwk["kid"] != key_id);
    }

    /// Changes how the issuer answers from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.page.lock().unwrap().behaviour = behaviour;
    }

    /// How often its keys were asked for.
    pub fn key_requests(&self) -> usize {
        self.page.lock().unwrap().key_requests
    }

    /// The key that signs.
    pub fn key(&self) -> PrivateKey {
        self.page.lock().unwrap().signing.clone().expect("an issuer has a key").1
    }

    /// A good token of `subject` for `tenant`; change what should be wrong.
    pub fn token(&self, tenant: &str, audience: &str, subject: &str) -> TokenDraft {
        let mut draft = self.bare_token(audience, subject);
        draft = draft.claim("tenant", tenant);
        draft
    }

    /// A good token without the claims of a tenant.
    pub fn bare_token(&self, audience: &str, subject: &str) -> TokenDraft {
        let (key_id, key) = self.page.lock().unwrap().signing.clone().expect("an issuer has a key");
        let now = now_seconds();
        let header = json!({"alg": key.kind().algorithm(), "typ": "at+jwt", "kid": key_id});
        let claims =
            json!({"iss": self.url, "sub": subject, "aud": audience, "iat": now, "exp": now + LIFETIME_SECONDS});
        TokenDraft::new(object(header), object(claims), key)
    }
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("not an object") };
    map
}
