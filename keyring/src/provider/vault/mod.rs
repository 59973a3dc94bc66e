//! Master keys in the Transit engine of HashiCorp Vault or OpenBao.
//!
//! Keys are derived: the context of a data key is mixed into the key that wraps it, so another
//! context is another key. Transit's `associated_data` is not used, because `datakey` ignores it
//! and `rewrap` knows nothing of it.

mod client;
mod wire;

use std::path::PathBuf;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use url::Url;
use zeroize::Zeroizing;

use self::{
    client::{Body, Client},
    wire::{Ciphertext, KeyDetails, Plaintext},
};
use super::{DataKeyMaterial, KeyProvider, KeyState};
use crate::{KeyContext, KeyOwner, KeyReference, KeyringError, ProviderKind};

const VAULT: ProviderKind = ProviderKind::Vault;

/// The `vault` provider.
#[derive(Debug)]
pub struct VaultTransit {
    client: Client,
}

impl VaultTransit {
    /// A provider for the Transit engine at `address` under `mount`. Makes no call.
    pub fn try_new(address: &Url, mount: &str, token_file: PathBuf) -> Result<Self, KeyringError> {
        Client::try_new(address, mount, token_file).map(|client| Self { client })
    }

    async fn details(&self, key: &KeyReference) -> Result<KeyDetails, KeyringError> {
        self.client.call(Method::GET, &format!("keys/{}", key.reference()), Body::none()).await
    }

    async fn change(&self, method: Method, path: &str, body: Body) -> Result<(), KeyringError> {
        self.client.call_without_reply(method, path, body).await
    }
}

fn encoded_context(context: &KeyContext) -> String {
    STANDARD.encode(context.encode())
}

/// Transit's ciphertexts are text.
fn ciphertext_text(wrapped: &[u8]) -> Result<String, KeyringError> {
    std::str::from_utf8(wrapped).map(str::to_owned).map_err(|_| KeyringError::Malformed)
}

#[async_trait]
impl KeyProvider for VaultTransit {
    fn kind(&self) -> ProviderKind {
        VAULT
    }

    /// The key's name is the environment's, and creating one that is there changes nothing.
    async fn create_key(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        let reference = KeyReference::try_new(VAULT, &format!("tessera-{}", owner.environment.encoded()))
            .map_err(|_| KeyringError::unexpected(VAULT, "an environment id that is no key name"))?;
        let body = Body::none()
            .text("type", "aes256-gcm96")
            .flag("derived", true)
            .flag("exportable", false)
            .flag("allow_plaintext_backup", false);
        self.change(Method::POST, &format!("keys/{}", reference.reference()), body).await?;
        let details = self.details(&reference).await?;
        details.state().require_enabled(VAULT)?;
        // Somebody may have made a key of this name with other properties; without derivation the context binds nothing.
        if !details.is_ours() {
            return Err(KeyringError::unexpected(VAULT, "an existing key that is exportable or not derived"));
        }
        Ok(reference)
    }

    async fn generate_data_key(&self, key: &KeyReference, context: &KeyContext) -> Result<Vec<u8>, KeyringError> {
        let body = Body::none().text("context", &encoded_context(context)).number("bits", 256);
        let path = format!("datakey/wrapped/{}", key.reference());
        let reply: Ciphertext = self.client.call(Method::POST, &path, body).await?;
        Ok(reply.ciphertext.into_bytes())
    }

    async fn wrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        material: &DataKeyMaterial,
    ) -> Result<Vec<u8>, KeyringError> {
        let plaintext = Zeroizing::new(STANDARD.encode(material.as_slice()));
        let body = Body::none().text("context", &encoded_context(context)).text("plaintext", &plaintext);
        let path = format!("encrypt/{}", key.reference());
        let reply: Ciphertext = self.client.call(Method::POST, &path, body).await?;
        Ok(reply.ciphertext.into_bytes())
    }

    async fn unwrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError> {
        let body =
            Body::none().text("context", &encoded_context(context)).text("ciphertext", &ciphertext_text(wrapped)?);
        let path = format!("decrypt/{}", key.reference());
        let reply: Plaintext = self.client.call(Method::POST, &path, body).await?;
        let encoded = reply.plaintext();
        let bytes = STANDARD
            .decode(encoded.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| KeyringError::unexpected(VAULT, "a plaintext that is not base64"))?;
        DataKeyMaterial::try_from_bytes(&bytes)
    }

    /// Under the same key the data key never leaves the server; between keys it passes through here.
    async fn rewrap(
        &self,
        from: &KeyReference,
        to: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, KeyringError> {
        if from != to {
            let material = self.unwrap(from, context, wrapped).await?;
            return self.wrap(to, context, &material).await;
        }
        let body =
            Body::none().text("context", &encoded_context(context)).text("ciphertext", &ciphertext_text(wrapped)?);
        let path = format!("rewrap/{}", to.reference());
        let reply: Ciphertext = self.client.call(Method::POST, &path, body).await?;
        Ok(reply.ciphertext.into_bytes())
    }

    async fn rotate(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.change(Method::POST, &format!("keys/{}/rotate", key.reference()), Body::none()).await
    }

    /// OpenBao's soft delete: the server itself refuses every use of the key until it is restored.
    /// HashiCorp Vault has no such state.
    async fn disable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        self.details(key).await?;
        let path = format!("keys/{}/soft-delete", key.reference());
        match self.change(Method::DELETE, &path, Body::none()).await {
            Err(KeyringError::NotFound { .. }) => Err(KeyringError::Unsupported {
                provider: VAULT,
                operation: "disable a key on this server",
                instead: "withdraw the policy of the token that uses it (OpenBao can)",
            }),
            other => other,
        }
    }

    async fn enable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        if self.details(key).await?.state() == KeyState::Enabled {
            return Ok(());
        }
        self.change(Method::POST, &format!("keys/{}/soft-delete-restore", key.reference()), Body::none()).await
    }

    async fn schedule_destruction(&self, _key: &KeyReference, _days: u16) -> Result<(), KeyringError> {
        Err(KeyringError::Unsupported {
            provider: VAULT,
            operation: "schedule a destruction",
            instead: "disable the key, and destroy it when the time is over",
        })
    }

    async fn cancel_destruction(&self, _key: &KeyReference) -> Result<(), KeyringError> {
        Err(KeyringError::Unsupported {
            provider: VAULT,
            operation: "cancel a destruction",
            instead: "enable a disabled key; a destroyed one is gone",
        })
    }

    /// The server keeps no trace of a destroyed key: afterwards it is `NotFound`.
    async fn destroy(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let details = self.details(key).await?;
        if !details.deletion_allowed() {
            let body = Body::none().flag("deletion_allowed", true);
            self.change(Method::POST, &format!("keys/{}/config", key.reference()), body).await?;
        }
        self.change(Method::DELETE, &format!("keys/{}", key.reference()), Body::none()).await
    }

    async fn state(&self, key: &KeyReference) -> Result<KeyState, KeyringError> {
        self.details(key).await.map(|details| details.state())
    }
}
