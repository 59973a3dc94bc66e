//! Master keys in AWS KMS, or in anything that speaks its protocol.

mod creation;
mod refusal;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{DataKeySpec, KeyState as AwsKeyState},
};
use time::OffsetDateTime;
use url::Url;
use zeroize::Zeroizing;

use self::refusal::refused;
use super::{DataKeyMaterial, KeyProvider, KeyState};
use crate::{KeyContext, KeyOwner, KeyReference, KeyringError, ProviderKind};

const AWS: ProviderKind = ProviderKind::Aws;

/// The `aws` provider. Every call names its key: without it AWS would open a blob with any key the
/// caller may use.
#[derive(Debug)]
pub struct AwsKms {
    client: Client,
}

impl AwsKms {
    /// A provider on a client that is set up already.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// A provider with the credentials of this process's surroundings. Repeating is the keyring's
    /// business, so the client's own repeats are off.
    pub async fn from_environment(region: &str, endpoint: Option<&Url>) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .retry_config(RetryConfig::disabled());
        if let Some(endpoint) = endpoint {
            loader = loader.endpoint_url(endpoint.as_str());
        }
        Self::new(Client::new(&loader.load().await))
    }

    async fn describe(&self, key_id: &str) -> Result<(KeyReference, KeyState), KeyringError> {
        let reply = self.client.describe_key().key_id(key_id).send().await.map_err(|error| refused(&error))?;
        let metadata = reply.key_metadata().ok_or_else(|| KeyringError::unexpected(AWS, "a reply without a key"))?;
        let due_at = metadata.deletion_date().and_then(|at| OffsetDateTime::from_unix_timestamp(at.secs()).ok());
        let state = match metadata.key_state() {
            Some(AwsKeyState::Enabled) => KeyState::Enabled,
            Some(AwsKeyState::Disabled | AwsKeyState::PendingImport) => KeyState::Disabled,
            Some(AwsKeyState::PendingDeletion | AwsKeyState::PendingReplicaDeletion) => {
                KeyState::PendingDestruction { due_at }
            }
            _ => return Err(KeyringError::unavailable(AWS, "the key is being changed")),
        };
        Ok((arn_reference(metadata.arn())?, state))
    }
}

fn arn_reference(arn: Option<&str>) -> Result<KeyReference, KeyringError> {
    KeyReference::try_new(AWS, arn.unwrap_or_default())
        .map_err(|_| KeyringError::unexpected(AWS, "a key without a proper ARN"))
}

fn encryption_context(context: &KeyContext) -> HashMap<String, String> {
    context.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn blob_bytes(blob: Option<Blob>) -> Result<Vec<u8>, KeyringError> {
    blob.map(Blob::into_inner).ok_or_else(|| KeyringError::unexpected(AWS, "a reply without a key"))
}

#[async_trait]
impl KeyProvider for AwsKms {
    fn kind(&self) -> ProviderKind {
        AWS
    }

    async fn create_key(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        self.find_or_create(owner).await
    }

    async fn generate_data_key(&self, key: &KeyReference, context: &KeyContext) -> Result<Vec<u8>, KeyringError> {
        let reply = self
            .client
            .generate_data_key_without_plaintext()
            .key_id(key.reference())
            .set_encryption_context(Some(encryption_context(context)))
            .key_spec(DataKeySpec::Aes256)
            .send()
            .await
            .map_err(|error| refused(&error))?;
        blob_bytes(reply.ciphertext_blob)
    }

    async fn wrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        material: &DataKeyMaterial,
    ) -> Result<Vec<u8>, KeyringError> {
        let reply = self
            .client
            .encrypt()
            .key_id(key.reference())
            .set_encryption_context(Some(encryption_context(context)))
            .plaintext(Blob::new(material.as_slice().to_vec()))
            .send()
            .await
            .map_err(|error| refused(&error))?;
        blob_bytes(reply.ciphertext_blob)
    }

    async fn unwrap(
        &self,
        key: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError> {
        let reply = self
            .client
            .decrypt()
            .key_id(key.reference())
            .set_encryption_context(Some(encryption_context(context)))
            .ciphertext_blob(Blob::new(wrapped))
            .send()
            .await
            .map_err(|error| refused(&error))?;
        let bytes = Zeroizing::new(blob_bytes(reply.plaintext)?);
        DataKeyMaterial::try_from_bytes(&bytes)
    }

    /// The data key never leaves KMS, not even between two keys.
    async fn rewrap(
        &self,
        from: &KeyReference,
        to: &KeyReference,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, KeyringError> {
        let reply = self
            .client
            .re_encrypt()
            .source_key_id(from.reference())
            .set_source_encryption_context(Some(encryption_context(context)))
            .destination_key_id(to.reference())
            .set_destination_encryption_context(Some(encryption_context(context)))
            .ciphertext_blob(Blob::new(wrapped))
            .send()
            .await
            .map_err(|error| refused(&error))?;
        blob_bytes(reply.ciphertext_blob)
    }

    async fn rotate(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let call = self.client.rotate_key_on_demand().key_id(key.reference()).send();
        call.await.map(drop).map_err(|error| refused(&error))
    }

    async fn disable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let call = self.client.disable_key().key_id(key.reference()).send();
        call.await.map(drop).map_err(|error| refused(&error))
    }

    async fn enable(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let call = self.client.enable_key().key_id(key.reference()).send();
        call.await.map(drop).map_err(|error| refused(&error))
    }

    async fn schedule_destruction(&self, key: &KeyReference, days: u16) -> Result<(), KeyringError> {
        if !(7..=30).contains(&days) {
            return Err(KeyringError::Unsupported {
                provider: AWS,
                operation: "wait that many days",
                instead: "choose from 7 to 30",
            });
        }
        let call = self.client.schedule_key_deletion().key_id(key.reference());
        call.pending_window_in_days(i32::from(days)).send().await.map(drop).map_err(|error| refused(&error))
    }

    async fn cancel_destruction(&self, key: &KeyReference) -> Result<(), KeyringError> {
        let call = self.client.cancel_key_deletion().key_id(key.reference()).send();
        call.await.map(drop).map_err(|error| refused(&error))
    }

    async fn destroy(&self, _key: &KeyReference) -> Result<(), KeyringError> {
        Err(KeyringError::Unsupported {
            provider: AWS,
            operation: "destroy a key at once",
            instead: "schedule its destruction: it is switched off immediately",
        })
    }

    async fn state(&self, key: &KeyReference) -> Result<KeyState, KeyringError> {
        self.describe(key.reference()).await.map(|(_, state)| state)
    }
}
