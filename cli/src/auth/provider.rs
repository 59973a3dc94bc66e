//! The staff's OpenID provider: discovery, the device flow, client credentials, refresh and revocation.

use std::{error::Error, time::Duration};

use openidconnect::{
    AdditionalProviderMetadata, ClientId, ClientSecret, DeviceAuthorizationUrl, HttpRequest, HttpResponse, IssuerUrl,
    OAuth2TokenResponse as _, ProviderMetadata, RefreshToken, RevocationUrl, Scope,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreDeviceAuthorizationResponse, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
        CoreTokenResponse,
    },
    http,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::sleep;
use url::Url;

use super::credential::StoredSecret;
use crate::{
    client::{http_client, innermost},
    configuration::Settings,
    exit_code::ExitCode,
    failure::Failure,
};

/// What a provider that says nothing about a token's end is taken to mean.
const TOKEN_TTL_ASSUMED: Duration = Duration::from_mins(1);
/// A person's session: an identity, and a token to renew it with.
const PERSON_SCOPES: [&str; 2] = ["openid", "offline_access"];

/// Endpoints that OpenID discovery itself does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct FurtherEndpoints {
    device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    revocation_endpoint: Option<RevocationUrl>,
}

impl AdditionalProviderMetadata for FurtherEndpoints {}

type Metadata = ProviderMetadata<
    FurtherEndpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why a request to the provider went wrong below OAuth.
#[derive(Debug, Error)]
enum TransportError {
    #[error("{0}")]
    Http(#[from] http::Error),
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Send(#[from] reqwest::Error),
}

/// Tokens as they come from the provider.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) access_token: StoredSecret,
    pub(super) refresh_token: Option<StoredSecret>,
    pub(super) expires_in: Duration,
}

/// A provider that has been asked what it offers.
#[derive(Debug)]
pub(super) struct Provider {
    metadata: Metadata,
    http: reqwest::Client,
    settings: Settings,
    client_id: ClientId,
    audience: String,
}

impl Provider {
    /// Reads the discovery document of `issuer_url`, which must name itself exactly so.
    pub(super) async fn discover(
        settings: &Settings,
        issuer_url: &str,
        client_id: &str,
        audience: &str,
    ) -> Result<Self, Failure> {
        let issuer = IssuerUrl::new(issuer_url.to_owned())
            .map_err(|error| Failure::usage(format!("the issuer URL `{issuer_url}` is wrong: {error}")))?;
        let http = http_client(issuer.url())?;
        let call = |request| call(&http, settings, request);
        let metadata = Metadata::discover_async(issuer, &call).await.map_err(|error| {
            let message = format!("the identity provider {issuer_url} does not answer as one: {}", chain(&error));
            Failure::local(message).code("issuer_unreachable")
        })?;
        Ok(Self {
            metadata,
            http: http.clone(),
            settings: settings.clone(),
            client_id: ClientId::new(client_id.to_owned()),
            audience: audience.to_owned(),
        })
    }

    /// Begins the device flow: the answer carries what the person has to visit and type.
    pub(super) async fn begin_device(&self) -> Result<CoreDeviceAuthorizationResponse, Failure> {
        let endpoint = self.metadata.additional_metadata().device_authorization_endpoint.clone().ok_or_else(|| {
            Failure::local("the identity provider offers no device flow")
                .code("device_flow_missing")
                .hint("sign in as a machine: `--client-id` and a client secret")
        })?;
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), None)
            .set_device_authorization_url(endpoint);
        client
            .exchange_device_code()
            .add_scopes(PERSON_SCOPES.into_iter().map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("resource", self.audience.clone())
            .request_async(&|request| call(&self.http, &self.settings, request))
            .await
            .map_err(|error| refused(&error))
    }

    /// Waits until the person has agreed in the browser, or the code has ended.
    pub(super) async fn finish_device(&self, device: &CoreDeviceAuthorizationResponse) -> Result<Tokens, Failure> {
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), None);
        let response = client
            .exchange_device_access_token(device)
            .map_err(|error| Failure::local(format!("the identity provider names no token endpoint: {error}")))?
            .add_extra_param("resource", self.audience.clone())
            .request_async(&|request| call(&self.http, &self.settings, request), sleep, Some(device.expires_in()))
            .await
            .map_err(|error| refused(&error))?;
        Ok(tokens(&response))
    }

    /// Signs a machine in.
    pub(super) async fn client_credentials(&self, secret: &SecretString) -> Result<Tokens, Failure> {
        let secret = ClientSecret::new(secret.expose_secret().to_owned());
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), Some(secret));
        let response = client
            .exchange_client_credentials()
            .map_err(|error| Failure::local(format!("the identity provider names no token endpoint: {error}")))?
            .add_extra_param("resource", self.audience.clone())
            .request_async(&|request| call(&self.http, &self.settings, request))
            .await
            .map_err(|error| refused(&error))?;
        Ok(tokens(&response))
    }

    /// Gets a person's next token.
    pub(super) async fn refresh(&self, token: &SecretString) -> Result<Tokens, Failure> {
        let token = RefreshToken::new(token.expose_secret().to_owned());
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id.clone(), None);
        let response = client
            .exchange_refresh_token(&token)
            .map_err(|error| Failure::local(format!("the identity provider names no token endpoint: {error}")))?
            .add_extra_param("resource", self.audience.clone())
            .request_async(&|request| call(&self.http, &self.settings, request))
            .await
            .map_err(|error| refused(&error))?;
        Ok(tokens(&response))
    }

    /// Tells the provider to forget the refresh token (RFC 7009); answers whether it offers that.
    pub(super) async fn revoke(&self, token: &SecretString) -> Result<bool, Failure> {
        let Some(endpoint) = &self.metadata.additional_metadata().revocation_endpoint else {
            return Ok(false);
        };
        // Not through the OAuth library: it knows no loopback and would refuse a provider on this machine.
        self.settings.refuse_clear_text(endpoint.url())?;
        let form = [
            ("token", token.expose_secret()),
            ("token_type_hint", "refresh_token"),
            ("client_id", self.client_id.as_str()),
        ];
        let sent = self.http.post(endpoint.url().clone()).form(&form).send().await;
        sent.and_then(reqwest::Response::error_for_status).map(|_| true).map_err(|error| refused(&error.without_url()))
    }
}

fn tokens(response: &CoreTokenResponse) -> Tokens {
    Tokens {
        access_token: StoredSecret::new(response.access_token().secret().clone()),
        refresh_token: response.refresh_token().map(|token| StoredSecret::new(token.secret().clone())),
        expires_in: response.expires_in().unwrap_or(TOKEN_TTL_ASSUMED),
    }
}

/// Sends one request of the OAuth library with our client.
async fn call(
    http: &reqwest::Client,
    settings: &Settings,
    request: HttpRequest,
) -> Result<HttpResponse, TransportError> {
    let url = Url::parse(&request.uri().to_string()).map_err(|error| TransportError::Refused(error.to_string()))?;
    // Discovery may name endpoints on any host.
    settings.refuse_clear_text(&url).map_err(|failure| TransportError::Refused(failure.message.clone()))?;
    let (parts, body) = request.into_parts();
    let response = http.request(parts.method, url).headers(parts.headers).body(body).send().await?;
    let mut builder = http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        builder = builder.header(name, value);
    }
    Ok(builder.body(response.bytes().await?.to_vec())?)
}

fn refused(error: &(dyn Error + 'static)) -> Failure {
    let failure = Failure::new(
        ExitCode::NotPermitted,
        "sign_in_refused",
        format!("the identity provider refused: {}", chain(error)),
    );
    failure.hint("check the client id, the secret and the audience, or begin again with `tessera auth login`")
}

/// The error and its innermost cause, without repeating words.
fn chain(error: &(dyn Error + 'static)) -> String {
    let (outer, inner) = (error.to_string(), innermost(error));
    if outer.contains(&inner) { outer } else { format!("{outer}: {inner}") }
}
