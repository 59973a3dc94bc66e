//! What the identity provider should know: issuers, people, programs.

use serde::Serialize;
use serde_json::{Map, Value};

/// Where `ClientSpec::public` sends people back to; any loopback port will do.
pub(crate) const CALLBACK: &str = "http://127.0.0.1/callback";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How an issuer signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlgorithm {
    /// RSA with SHA-256.
    Rs256,
    /// Elliptic curve P-256 with SHA-256.
    Es256,
}

/// What becomes of the earlier keys when an issuer changes to a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldKey {
    /// Still published: tokens signed with it verify until they expire.
    Published,
    /// Gone from the key set.
    Withdrawn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IssuerKind {
    Tenant,
    Staff,
}

/// One issuer with a port and keys of its own.
#[derive(Debug, Clone, Serialize)]
pub struct IssuerSpec {
    pub(crate) name: String,
    pub(crate) kind: IssuerKind,
    #[serde(rename = "signing_alg")]
    pub(crate) signing_algorithm: SigningAlgorithm,
    pub(crate) resources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_token_ttl_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_id: Option<String>,
    pub(crate) clients: Vec<ClientSpec>,
    pub(crate) users: Vec<UserSpec>,
}

impl IssuerSpec {
    /// A tenant's issuer, for the audiences `urn:tessera:live` and `urn:tessera:test`.
    pub fn tenant(name: impl Into<String>, signing_algorithm: SigningAlgorithm) -> Self {
        let resources = vec!["urn:tessera:live".to_owned(), "urn:tessera:test".to_owned()];
        Self::new(name.into(), IssuerKind::Tenant, signing_algorithm, resources)
    }

    /// The platform staff's issuer, for the audience `urn:tessera:platform`.
    pub fn staff(name: impl Into<String>, signing_algorithm: SigningAlgorithm) -> Self {
        let resources = vec!["urn:tessera:platform".to_owned()];
        Self::new(name.into(), IssuerKind::Staff, signing_algorithm, resources)
    }

    fn new(name: String, kind: IssuerKind, signing_algorithm: SigningAlgorithm, resources: Vec<String>) -> Self {
        Self {
            name,
            kind,
            signing_algorithm,
            resources,
            access_token_ttl_seconds: None,
            key_id: None,
            clients: Vec::new(),
            users: Vec::new(),
        }
    }

    /// Adds a person.
    #[must_use]
    pub fn user(mut self, user: UserSpec) -> Self {
        self.users.push(user);
        self
    }

    /// Adds a program.
    #[must_use]
    pub fn client(mut self, client: ClientSpec) -> Self {
        self.clients.push(client);
        self
    }

    /// Adds an audience that tokens may be asked for.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.resources.push(audience.into());
        self
    }

    /// How long access tokens live; 600 seconds otherwise.
    #[must_use]
    pub fn access_token_ttl_seconds(mut self, seconds: u64) -> Self {
        self.access_token_ttl_seconds = Some(seconds);
        self
    }

    /// The `kid` of the first signing key; random otherwise.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }
}

/// A person who signs in with a password.
#[derive(Clone, Serialize)]
pub struct UserSpec {
    pub(crate) username: String,
    #[serde(skip)]
    pub(crate) password: String,
    #[serde(rename = "sub")]
    pub(crate) subject: Option<String>,
    pub(crate) claims: Map<String, Value>,
}

// The password is nobody's business, not even a failing test's.
impl std::fmt::Debug for UserSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserSpec").field("username", &self.username).finish_non_exhaustive()
    }
}

impl UserSpec {
    /// A person; the subject is `<issuer's name>-<user name>` unless given.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into(), subject: None, claims: Map::new() }
    }

    /// The `sub` of the person's tokens.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// A claim of the person's tokens. `amr` is set by signing in, unless given here.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    pub(crate) fn subject_at(&self, issuer: &str) -> String {
        self.subject.clone().unwrap_or_else(|| format!("{issuer}-{}", self.username))
    }
}

/// A program that asks for tokens.
#[derive(Clone, Serialize)]
pub struct ClientSpec {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    grant_types: Vec<String>,
    redirect_uris: Vec<String>,
    claims: Map<String, Value>,
}

impl std::fmt::Debug for ClientSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientSpec").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl ClientSpec {
    /// Signs people in with a code and PKCE, and refreshes; has no secret. Returns to `http://127.0.0.1/callback`.
    pub fn public(client_id: impl Into<String>) -> Self {
        let grants = ["authorization_code", "refresh_token"];
        Self { redirect_uris: vec![CALLBACK.to_owned()], ..Self::new(client_id.into(), None, &grants) }
    }

    /// Acts for itself, with a secret: client credentials.
    pub fn machine(client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::new(client_id.into(), Some(secret.into()), &["client_credentials"])
    }

    /// Has no browser: the device flow, and refreshes.
    pub fn device(client_id: impl Into<String>) -> Self {
        Self::new(client_id.into(), None, &[DEVICE_GRANT, "refresh_token"])
    }

    fn new(client_id: String, client_secret: Option<String>, grants: &[&str]) -> Self {
        let grant_types = grants.iter().map(|grant| (*grant).to_owned()).collect();
        Self { client_id, client_secret, grant_types, redirect_uris: Vec::new(), claims: Map::new() }
    }

    /// A claim of the tokens that the program gets for itself.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// One more address to send people back to.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }
}
