//! The directory of master keys: `<name>.key` is the key, `<name>.state` what became of it.

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    sync::Arc,
};

use kernel::{Clock, Entropy};
use time::Duration;

use super::{files, master_key::MasterKey, status};
use crate::{
    KeyContext, KeyringError, ProviderKind,
    provider::{DataKeyMaterial, KeyState},
};

const LOCAL: ProviderKind = ProviderKind::Local;

#[derive(Debug)]
pub(super) struct Store {
    directory: PathBuf,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Store {
    pub(super) fn open(
        directory: PathBuf,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, KeyringError> {
        let wrong = |reason: String| KeyringError::Configuration { key: "local_directory", reason: reason.into() };
        files::create_directory(&directory).map_err(|error| wrong(format!("cannot be created: {}", error.kind())))?;
        match files::is_open_to_others(&directory) {
            Ok(false) => Ok(Self { directory, clock, entropy }),
            Ok(true) => Err(wrong("is open to other users: chmod 700".to_owned())),
            Err(error) => Err(wrong(format!("cannot be read: {}", error.kind()))),
        }
    }

    /// Makes the key unless it is there. One that was destroyed stays destroyed.
    pub(super) fn create(&self, name: &str) -> Result<(), KeyringError> {
        let _lock = files::lock(&self.directory).map_err(|error| refused(&error))?;
        match self.recorded_state(name)? {
            KeyState::Destroyed => return Err(KeyringError::Destroyed { provider: LOCAL }),
            _ if self.key_path(name).exists() => return Ok(()),
            _ => {}
        }
        let key = MasterKey::generate(self.entropy.as_ref());
        files::create(&self.key_path(name), key.as_bytes()).map_err(|error| refused(&error))
    }

    pub(super) fn random_material(&self) -> DataKeyMaterial {
        DataKeyMaterial::generate(self.entropy.as_ref())
    }

    pub(super) fn wrap(
        &self,
        name: &str,
        context: &KeyContext,
        material: &DataKeyMaterial,
    ) -> Result<Vec<u8>, KeyringError> {
        self.usable(name)?.wrap(name, context, material, self.entropy.as_ref())
    }

    pub(super) fn unwrap(
        &self,
        name: &str,
        context: &KeyContext,
        wrapped: &[u8],
    ) -> Result<DataKeyMaterial, KeyringError> {
        self.usable(name)?.unwrap(name, context, wrapped)
    }

    pub(super) fn rotate(&self, name: &str) -> Result<(), KeyringError> {
        let _lock = files::lock(&self.directory).map_err(|error| refused(&error))?;
        let rotated = self.usable_locked(name)?.rotated(self.entropy.as_ref()).ok_or(KeyringError::Unsupported {
            provider: LOCAL,
            operation: "hold another version",
            instead: "create a new key and re-wrap under it",
        })?;
        files::replace(&self.key_path(name), rotated.as_bytes()).map_err(|error| refused(&error))
    }

    pub(super) fn disable(&self, name: &str) -> Result<(), KeyringError> {
        self.change(name, |state| match state {
            KeyState::Enabled | KeyState::Disabled => Ok(KeyState::Disabled),
            other => other.require_enabled(LOCAL).map(|()| other),
        })
    }

    pub(super) fn enable(&self, name: &str) -> Result<(), KeyringError> {
        self.change(name, |state| match state {
            KeyState::Enabled | KeyState::Disabled => Ok(KeyState::Enabled),
            other => other.require_enabled(LOCAL).map(|()| other),
        })
    }

    pub(super) fn schedule_destruction(&self, name: &str, days: u16) -> Result<(), KeyringError> {
        let due_at = self.clock.now() + Duration::days(i64::from(days));
        self.change(name, |state| match state {
            KeyState::Enabled | KeyState::Disabled => Ok(KeyState::PendingDestruction { due_at: Some(due_at) }),
            other => other.require_enabled(LOCAL).map(|()| other),
        })
    }

    pub(super) fn cancel_destruction(&self, name: &str) -> Result<(), KeyringError> {
        self.change(name, |state| match state {
            KeyState::PendingDestruction { .. } => Ok(KeyState::Disabled),
            KeyState::Destroyed => Err(KeyringError::Destroyed { provider: LOCAL }),
            other => Ok(other),
        })
    }

    pub(super) fn destroy(&self, name: &str) -> Result<(), KeyringError> {
        let _lock = files::lock(&self.directory).map_err(|error| refused(&error))?;
        self.destroy_locked(name)
    }

    pub(super) fn state(&self, name: &str) -> Result<KeyState, KeyringError> {
        let state = self.recorded_state(name)?;
        if self.is_due(state) {
            self.destroy(name)?;
            return Ok(KeyState::Destroyed);
        }
        if state != KeyState::Destroyed && !self.key_path(name).exists() {
            return Err(KeyringError::NotFound { provider: LOCAL });
        }
        Ok(state)
    }

    /// The record goes first: a run killed in between leaves a key that nobody may use, and is repeated.
    fn destroy_locked(&self, name: &str) -> Result<(), KeyringError> {
        if self.recorded_state(name)? != KeyState::Destroyed {
            if !self.key_path(name).exists() {
                return Err(KeyringError::NotFound { provider: LOCAL });
            }
            self.record(name, KeyState::Destroyed)?;
        }
        files::shred(&self.key_path(name)).map_err(|error| refused(&error))
    }

    fn usable(&self, name: &str) -> Result<MasterKey, KeyringError> {
        self.state(name)?.require_enabled(LOCAL)?;
        self.read_key(name)
    }

    /// For callers that hold the lock, and so must not destroy through [`Self::state`].
    fn usable_locked(&self, name: &str) -> Result<MasterKey, KeyringError> {
        self.recorded_state(name)?.require_enabled(LOCAL)?;
        self.read_key(name)
    }

    fn read_key(&self, name: &str) -> Result<MasterKey, KeyringError> {
        let path = self.key_path(name);
        if files::is_open_to_others(&path).map_err(|error| refused(&error))? {
            return Err(KeyringError::Configuration {
                key: "local_directory",
                reason: "holds a key file that is open to other users: chmod 600".into(),
            });
        }
        let content = files::read(&path).map_err(|error| refused(&error))?;
        MasterKey::parse(content).ok_or_else(|| KeyringError::unexpected(LOCAL, "a damaged master key file"))
    }

    fn change(
        &self,
        name: &str,
        next: impl FnOnce(KeyState) -> Result<KeyState, KeyringError>,
    ) -> Result<(), KeyringError> {
        let _lock = files::lock(&self.directory).map_err(|error| refused(&error))?;
        let recorded = self.recorded_state(name)?;
        if self.is_due(recorded) {
            self.destroy_locked(name)?;
            return Err(KeyringError::Destroyed { provider: LOCAL });
        }
        if recorded != KeyState::Destroyed && !self.key_path(name).exists() {
            return Err(KeyringError::NotFound { provider: LOCAL });
        }
        self.record(name, next(recorded)?)
    }

    fn is_due(&self, state: KeyState) -> bool {
        matches!(state, KeyState::PendingDestruction { due_at: Some(due_at) } if due_at <= self.clock.now())
    }

    fn recorded_state(&self, name: &str) -> Result<KeyState, KeyringError> {
        match files::read(&self.state_path(name)) {
            Ok(content) => {
                status::parse(&content).ok_or_else(|| KeyringError::unexpected(LOCAL, "a damaged state file"))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(KeyState::Enabled),
            Err(error) => Err(refused(&error)),
        }
    }

    fn record(&self, name: &str, state: KeyState) -> Result<(), KeyringError> {
        let path = self.state_path(name);
        match status::text(state) {
            Some(text) => files::replace(&path, text.as_bytes()),
            None => files::remove(&path),
        }
        .map_err(|error| refused(&error))
    }

    fn key_path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.key"))
    }

    fn state_path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.state"))
    }
}

fn refused(error: &io::Error) -> KeyringError {
    match error.kind() {
        ErrorKind::NotFound => KeyringError::NotFound { provider: LOCAL },
        ErrorKind::PermissionDenied => KeyringError::Denied { provider: LOCAL },
        other => KeyringError::unavailable(LOCAL, other.to_string()),
    }
}
