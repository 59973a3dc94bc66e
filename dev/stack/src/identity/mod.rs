//! The development identity provider of `dev/idp`: real `OpenID` issuers with people, programs and keys that rotate.

mod files;
mod spec;

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
};

use serde_json::json;
use tempfile::TempDir;

pub(crate) use self::spec::CALLBACK;
pub use self::{
    files::IdentityFiles,
    spec::{ClientSpec, IssuerSpec, OldKey, SigningAlgorithm, UserSpec},
};
use crate::{
    error::{Asking, During, StackError},
    port::free_port,
    project::Project,
    secret::random_secret,
    service::Service,
};

/// A running throwaway identity provider.
#[derive(Debug)]
pub struct IdentityProvider {
    service: Service,
    files: IdentityFiles,
    issuers: Vec<IssuerSpec>,
    admin_token: String,
    _directory: TempDir,
}

/// Collects the issuers before the start.
#[derive(Debug, Default)]
pub struct IdentityProviderBuilder {
    issuers: Vec<IssuerSpec>,
}

impl IdentityProviderBuilder {
    /// Adds an issuer.
    #[must_use]
    pub fn issuer(mut self, issuer: IssuerSpec) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Starts the provider and waits until every issuer answers.
    pub async fn start(self) -> Result<IdentityProvider, StackError> {
        let directory = tempfile::Builder::new()
            .prefix("tessera-idp-")
            .tempdir()
            .during(|| "make a temporary folder for the identity provider".to_owned())?;
        let mut ports = BTreeMap::new();
        for issuer in &self.issuers {
            ports.insert(issuer.name.clone(), free_port()?);
        }
        let admin_token = random_secret();
        let files = IdentityFiles::write(&Project::locate()?, directory.path(), &self.issuers, &ports, &admin_token)?;
        let service = Service::start(files.launch(&directory.path().join("idp.log"))).await?;
        Ok(IdentityProvider { service, files, issuers: self.issuers, admin_token, _directory: directory })
    }
}

impl IdentityProvider {
    /// Begins with no issuer.
    pub fn builder() -> IdentityProviderBuilder {
        IdentityProviderBuilder::default()
    }

    /// An issuer's address, which is also its `iss`.
    pub fn issuer_url(&self, issuer: &str) -> Result<&str, StackError> {
        self.files.issuer_url(issuer)
    }

    /// A person's `sub`.
    pub fn subject(&self, issuer: &str, username: &str) -> Result<String, StackError> {
        let spec = self.issuers.iter().find(|spec| spec.name == issuer).ok_or_else(|| files::unknown(issuer))?;
        let user = spec.users.iter().find(|user| user.username == username);
        user.map(|user| user.subject_at(issuer)).ok_or_else(|| StackError::Refused {
            action: format!("look up a person at {issuer}"),
            answer: format!("there is none called {username}"),
        })
    }

    /// Makes an issuer sign with a new key; answers the key's `kid`.
    pub async fn rotate_keys(&self, issuer: &str, old: OldKey) -> Result<String, StackError> {
        let url = format!("{}/_admin/rotate", self.issuer_url(issuer)?);
        let action = || format!("rotate the keys of {issuer}");
        let order = json!({ "issuer": issuer, "withdraw_old": old == OldKey::Withdrawn });
        let request = reqwest::Client::new().post(url).bearer_auth(&self.admin_token).json(&order);
        let response = request.send().await.asking(action)?.error_for_status().asking(action)?;
        let answer: serde_json::Value = response.json().await.asking(action)?;
        let kid = answer.get("kid").and_then(serde_json::Value::as_str).map(str::to_owned);
        kid.ok_or_else(|| StackError::Refused { action: action(), answer: answer.to_string() })
    }
}

impl Deref for IdentityProvider {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for IdentityProvider {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}
