//! A program that asks an identity provider for tokens, and the person in front of the browser.

mod browser;
mod form;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{Entropy, SystemEntropy};
use serde::Deserialize;
use url::Url;

use self::browser::{Browser, Page, View};
use crate::{
    error::{Asking, StackError},
    identity::CALLBACK,
};

/// What a sign-in asks to be allowed to do.
const SCOPE: &str = "openid tessera";

/// What the token endpoint gave.
#[derive(Clone, Deserialize)]
pub struct Tokens {
    /// The JWT for the API.
    pub access_token: String,
    /// For the next access token; works once.
    pub refresh_token: Option<String>,
    /// Who signed in, for the program.
    pub id_token: Option<String>,
    /// How long the access token lives.
    #[serde(rename = "expires_in")]
    pub expires_in_seconds: Option<u64>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("expires_in_seconds", &self.expires_in_seconds).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

/// A program registered at an issuer.
#[derive(Clone)]
pub struct OidcClient {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    http: reqwest::Client,
}

impl std::fmt::Debug for OidcClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcClient")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl OidcClient {
    /// A program without a secret.
    pub fn public(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        let http = reqwest::Client::new();
        Self { issuer: issuer.into(), client_id: client_id.into(), client_secret: None, http }
    }

    /// A program with a secret.
    pub fn confidential(
        issuer: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        Self { client_secret: Some(client_secret.into()), ..Self::public(issuer, client_id) }
    }

    /// Signs a person in through the provider's own pages: code, PKCE, state and issuer checked.
    pub async fn sign_in(&self, username: &str, password: &str, audience: &str) -> Result<Tokens, StackError> {
        let discovery = self.discover().await?;
        let (verifier, state) = (random_text(), random_text());
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let mut url = parse(&discovery.authorization_endpoint)?;
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", SCOPE),
            ("resource", audience),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let browser = Browser::open_new()?;
        let view = browser.open(url).await?;
        let callback = match sign_in_and_consent(&browser, view, username, password).await? {
            View::Returned(callback) => callback,
            View::Page(page) => return Err(page.unexpected("the sign-in did not end")),
        };
        let code = read_callback(&callback, &state, &discovery.issuer)?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &verifier),
        ];
        self.ask(&discovery.token_endpoint, &fields).await
    }

    /// Gets a token for the program itself.
    pub async fn client_credentials(&self, audience: &str) -> Result<Tokens, StackError> {
        let endpoint = self.discover().await?.token_endpoint;
        self.ask(&endpoint, &[("grant_type", "client_credentials"), ("resource", audience)]).await
    }

    /// Trades a refresh token for new tokens.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, StackError> {
        let endpoint = self.discover().await?.token_endpoint;
        self.ask(&endpoint, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Plays the person who opens a device's address, compares the code, signs in and allows it.
    pub async fn approve_device(
        &self,
        verification_uri_complete: &str,
        username: &str,
        password: &str,
    ) -> Result<(), StackError> {
        let url = parse(verification_uri_complete)?;
        let browser = Browser::open_new()?;
        // The page behind the complete address only carries the code along, in a form that a script would send.
        let code = url.query_pairs().find(|(name, _)| name == "user_code").map(|(_, code)| code.into_owned());
        let mut entrance = url;
        entrance.set_query(None);
        let shown = expect_page(browser.open(entrance).await?)?;
        let entered = browser
            .submit(&shown, "op.deviceInputForm", |form| form.fill("user_code", code.as_deref().unwrap_or_default()));
        let confirm = expect_page(entered.await?)?;
        let confirmed = browser.submit(&confirm, "op.deviceConfirmForm", |form| form).await?;
        let done = expect_page(sign_in_and_consent(&browser, confirmed, username, password).await?)?;
        if done.says("Device connected") { Ok(()) } else { Err(done.unexpected("the device was not connected")) }
    }

    async fn discover(&self) -> Result<Discovery, StackError> {
        let action = || format!("discover the issuer {}", self.issuer);
        let request = self.http.get(format!("{}/.well-known/openid-configuration", self.issuer));
        let discovery: Discovery = request.send().await.asking(action)?.json().await.asking(action)?;
        if discovery.issuer == self.issuer {
            return Ok(discovery);
        }
        Err(StackError::Refused { action: action(), answer: format!("it calls itself {}", discovery.issuer) })
    }

    async fn ask(&self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Tokens, StackError> {
        let action = || "get a token".to_owned();
        let request = self.http.post(endpoint);
        let mut form = fields.to_vec();
        let request = if let Some(secret) = &self.client_secret {
            request.basic_auth(url_encode(&self.client_id), Some(url_encode(secret)))
        } else {
            form.push(("client_id", &self.client_id));
            request
        };
        let response = request.form(&form).send().await.asking(action)?;
        if response.status().is_success() {
            return response.json().await.asking(action);
        }
        Err(StackError::Refused { action: action(), answer: response.text().await.asking(action)? })
    }
}

async fn sign_in_and_consent(
    browser: &Browser,
    mut view: View,
    username: &str,
    password: &str,
) -> Result<View, StackError> {
    for (form, fields) in [("login", &[("username", username), ("password", password)][..]), ("consent", &[])] {
        let View::Page(page) = &view else { return Ok(view) };
        if page.shows(form) {
            let filled = |shown| fields.iter().fold(shown, |shown: form::Form, (name, value)| shown.fill(name, value));
            view = browser.submit(page, form, filled).await?;
        }
        refuse_alert(&view)?;
    }
    Ok(view)
}

fn refuse_alert(view: &View) -> Result<(), StackError> {
    match view {
        View::Page(page) if page.alert().is_some() => Err(page.unexpected("refused")),
        _ => Ok(()),
    }
}

fn expect_page(view: View) -> Result<Page, StackError> {
    match view {
        View::Page(page) => Ok(page),
        View::Returned(url) => {
            Err(StackError::Refused { action: "expect a page".to_owned(), answer: url.path().to_owned() })
        }
    }
}

// The state ties the answer to our question, `iss` to the provider that we asked.
fn read_callback(callback: &Url, state: &str, issuer: &str) -> Result<String, StackError> {
    let value = |name: &str| callback.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let refused = |answer: String| StackError::Refused { action: "sign in".to_owned(), answer };
    if value("state").as_deref() != Some(state) || value("iss").as_deref() != Some(issuer) {
        return Err(refused("the answer belongs to another sign-in".to_owned()));
    }
    let error = || value("error_description").or_else(|| value("error")).unwrap_or_else(|| "no code came".to_owned());
    value("code").ok_or_else(|| refused(error()))
}

fn parse(url: &str) -> Result<Url, StackError> {
    Url::parse(url).map_err(|error| StackError::Refused {
        action: format!("understand the address {url}"),
        answer: error.to_string(),
    })
}

fn random_text() -> String {
    let mut bytes = [0_u8; 32];
    SystemEntropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

// RFC 6749 2.3.1: both halves are form-encoded before they become basic credentials.
fn url_encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
