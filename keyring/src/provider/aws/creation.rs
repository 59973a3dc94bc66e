//! One KMS key per environment, also when the creating process was killed in the middle.
//!
//! The environment's alias is the record that creation is complete. A key without its alias is
//! found again by its tag, so a repeated run adopts it instead of paying for a second one.

use std::collections::HashSet;

use aws_sdk_kms::types::{KeySpec, KeyUsageType, Tag};
use kernel::EnvironmentId;

use super::{AWS, AwsKms, arn_reference, refused};
use crate::{KeyOwner, KeyReference, KeyringError, provider::KeyState};

const ENVIRONMENT_TAG: &str = "tessera-environment";
const TENANT_TAG: &str = "tessera-tenant";
/// Keys without an alias that are looked at before giving up; other people's keys may be among them.
const CANDIDATES_MAX: usize = 1_000;
/// The shortest window AWS allows, for a key that lost a race and sealed nothing.
const LOSER_WINDOW_DAYS: i32 = 7;

fn alias_of(environment: EnvironmentId) -> String {
    format!("alias/tessera-{}", environment.encoded())
}

impl AwsKms {
    pub(super) async fn find_or_create(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        let alias = alias_of(owner.environment);
        match self.describe(&alias).await {
            Ok((reference, state)) => return state.require_enabled(AWS).map(|()| reference),
            Err(KeyringError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        let reference = match self.find_without_alias(owner.environment).await? {
            Some(reference) => reference,
            None => self.create(owner).await?,
        };
        let call = self.client.create_alias().alias_name(&alias).target_key_id(reference.reference()).send();
        let Err(error) = call.await else { return Ok(reference) };
        let already_there = error
            .as_service_error()
            .is_some_and(aws_sdk_kms::operation::create_alias::CreateAliasError::is_already_exists_exception);
        if !already_there {
            return Err(refused(&error));
        }
        self.yield_to(&alias, reference).await
    }

    async fn create(&self, owner: &KeyOwner) -> Result<KeyReference, KeyringError> {
        let tag = |name: &str, value: String| {
            Tag::builder()
                .tag_key(name)
                .tag_value(value)
                .build()
                .map_err(|_| KeyringError::unexpected(AWS, "a tag that could not be built"))
        };
        let reply = self
            .client
            .create_key()
            .description("Tessera: data keys of one environment")
            .key_spec(KeySpec::SymmetricDefault)
            .key_usage(KeyUsageType::EncryptDecrypt)
            .tags(tag(ENVIRONMENT_TAG, owner.environment.to_string())?)
            .tags(tag(TENANT_TAG, owner.tenant.to_string())?)
            .send()
            .await
            .map_err(|error| refused(&error))?;
        arn_reference(reply.key_metadata().and_then(|metadata| metadata.arn()))
    }

    /// The key an earlier run created without getting to its alias.
    async fn find_without_alias(&self, environment: EnvironmentId) -> Result<Option<KeyReference>, KeyringError> {
        let wanted = environment.to_string();
        for key_id in self.keys_without_alias().await? {
            let reply = self.client.list_resource_tags().key_id(&key_id).send().await;
            let tags = match reply.map_err(|error| refused(&error)) {
                Ok(reply) => reply.tags.unwrap_or_default(),
                // Somebody else's key, or gone since it was listed.
                Err(KeyringError::Denied { .. } | KeyringError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            if tags.iter().any(|tag| tag.tag_key() == ENVIRONMENT_TAG && tag.tag_value() == wanted) {
                let (reference, state) = self.describe(&key_id).await?;
                if state == KeyState::Enabled {
                    return Ok(Some(reference));
                }
            }
        }
        Ok(None)
    }

    /// All keys less those that have an alias: a page of a thousand, and a page per hundred aliases.
    async fn keys_without_alias(&self) -> Result<Vec<String>, KeyringError> {
        let mut keys = HashSet::new();
        let mut pages = self.client.list_keys().limit(1_000).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(&error))?;
            keys.extend(page.keys.unwrap_or_default().into_iter().filter_map(|key| key.key_id));
        }
        let mut pages = self.client.list_aliases().limit(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(&error))?;
            for target in page.aliases.unwrap_or_default().into_iter().filter_map(|alias| alias.target_key_id) {
                keys.remove(&target);
            }
        }
        if keys.len() > CANDIDATES_MAX {
            tracing::warn!(keys = keys.len(), "too many KMS keys without an alias to look for an abandoned one");
            return Ok(Vec::new());
        }
        Ok(keys.into_iter().collect())
    }

    /// Another run set the alias first: its key is the environment's, and ours goes away unused.
    async fn yield_to(&self, alias: &str, ours: KeyReference) -> Result<KeyReference, KeyringError> {
        let (theirs, state) = self.describe(alias).await?;
        state.require_enabled(AWS)?;
        if theirs != ours {
            let call = self.client.schedule_key_deletion().key_id(ours.reference());
            if let Err(error) = call.pending_window_in_days(LOSER_WINDOW_DAYS).send().await {
                tracing::warn!(key = %ours, error = %refused(&error), "an unused KMS key is left behind");
            }
        }
        Ok(theirs)
    }
}
