//! Why a key could not be used. No message carries key material, plaintext or a provider's reply.

use std::borrow::Cow;

use kernel::DataKeyId;
use thiserror::Error;

use crate::{ProviderKind, Purpose};

/// What to do about a [`KeyringError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The key cannot be used now: answer 503, nothing was sealed or opened.
    Unavailable,
    /// Stored bytes are not what was written, or stand in the wrong place: raise an alarm.
    Integrity,
    /// The request asks for something that cannot be.
    Caller,
}

/// Why a key could not be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyringError {
    /// The key service is down, slow or throttling; trying again later may help.
    #[error("the {provider} key service does not answer: {detail}")]
    Unavailable {
        /// Who was asked.
        provider: ProviderKind,
        /// What happened, in words that name no secret.
        detail: Cow<'static, str>,
    },
    /// Somebody switched the key off; it can be switched on again.
    #[error("the {provider} key is disabled")]
    Disabled {
        /// Who holds the key.
        provider: ProviderKind,
    },
    /// The key waits for its destruction, which can still be cancelled.
    #[error("the {provider} key is waiting for its destruction")]
    PendingDestruction {
        /// Who holds the key.
        provider: ProviderKind,
    },
    /// The key is gone for ever, and with it everything sealed under it.
    #[error("the {provider} key is destroyed")]
    Destroyed {
        /// Who held the key.
        provider: ProviderKind,
    },
    /// The provider knows no such key. A provider that keeps no trace of destroyed keys says this of them too.
    #[error("the {provider} key service knows no such key")]
    NotFound {
        /// Who was asked.
        provider: ProviderKind,
    },
    /// The provider refuses these credentials.
    #[error("the {provider} key service denies the request")]
    Denied {
        /// Who was asked.
        provider: ProviderKind,
    },
    /// The bytes were changed, or belong to another place, environment or purpose.
    #[error("sealed bytes do not fit their place")]
    Tampered,
    /// The bytes are no sealed value of a known version.
    #[error("not a sealed value")]
    Malformed,
    /// The value was sealed under a data key that is not among the environment's.
    #[error("unknown data key {data_key}")]
    UnknownDataKey {
        /// The key the value names.
        data_key: DataKeyId,
    },
    /// No data key of this purpose is in use.
    #[error("no data key for {purpose} is in use")]
    NoActiveKey {
        /// What was to be done.
        purpose: Purpose,
    },
    /// The data key has sealed as many values as it may.
    #[error("data key {data_key} has sealed as many values as it may: rotate it")]
    ExhaustedKey {
        /// The key to rotate.
        data_key: DataKeyId,
    },
    /// The value cannot be turned into bytes, or the bytes into the value.
    #[error("the value has no sealed form")]
    Plaintext,
    /// The provider cannot do this.
    #[error("the {provider} provider cannot {operation}: {instead}")]
    Unsupported {
        /// Who was asked.
        provider: ProviderKind,
        /// What was asked.
        operation: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// The provider is not set up in this process.
    #[error("the {provider} key provider is not configured")]
    NotConfigured {
        /// Whose key was named.
        provider: ProviderKind,
    },
    /// A configuration value cannot be used.
    #[error("keyring.{key}: {reason}")]
    Configuration {
        /// The key in section `keyring`.
        key: &'static str,
        /// What is wrong with its value.
        reason: Cow<'static, str>,
    },
    /// The provider answered something this code has no rule for.
    #[error("the {provider} key service answered {detail}")]
    Unexpected {
        /// Who was asked.
        provider: ProviderKind,
        /// A status or an error code.
        detail: Cow<'static, str>,
    },
}

impl KeyringError {
    /// What to do about it.
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Unavailable { .. }
            | Self::Disabled { .. }
            | Self::PendingDestruction { .. }
            | Self::Destroyed { .. }
            | Self::NotFound { .. }
            | Self::Denied { .. }
            | Self::NoActiveKey { .. }
            | Self::ExhaustedKey { .. }
            | Self::NotConfigured { .. }
            | Self::Configuration { .. }
            | Self::Unexpected { .. } => ErrorClass::Unavailable,
            Self::Tampered | Self::Malformed | Self::UnknownDataKey { .. } => ErrorClass::Integrity,
            Self::Plaintext | Self::Unsupported { .. } => ErrorClass::Caller,
        }
    }

    /// Whether the same call may succeed in a moment.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    pub(crate) fn unavailable(provider: ProviderKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Unavailable { provider, detail: detail.into() }
    }

    pub(crate) fn unexpected(provider: ProviderKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Unexpected { provider, detail: detail.into() }
    }
}
