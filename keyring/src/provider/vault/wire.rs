//! The replies of Transit that are read.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::provider::KeyState;

/// Every reply wraps its content in `data`.
#[derive(Deserialize)]
pub(super) struct Reply<T> {
    pub(super) data: T,
}

/// What an error says. Read to tell errors apart, never passed on.
#[derive(Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) errors: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Ciphertext {
    pub(super) ciphertext: String,
}

#[derive(Deserialize)]
pub(super) struct Plaintext {
    plaintext: String,
}

impl Plaintext {
    pub(super) fn plaintext(self) -> Zeroizing<String> {
        Zeroizing::new(self.plaintext)
    }
}

#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the server's reply has this shape")]
pub(super) struct KeyDetails {
    #[serde(rename = "type")]
    kind: String,
    derived: bool,
    exportable: bool,
    allow_plaintext_backup: bool,
    deletion_allowed: bool,
    /// OpenBao only.
    #[serde(default)]
    soft_deleted: bool,
}

impl KeyDetails {
    pub(super) const fn state(&self) -> KeyState {
        if self.soft_deleted { KeyState::Disabled } else { KeyState::Enabled }
    }

    pub(super) const fn deletion_allowed(&self) -> bool {
        self.deletion_allowed
    }

    pub(super) fn is_ours(&self) -> bool {
        self.kind == "aes256-gcm96" && self.derived && !self.exportable && !self.allow_plaintext_backup
    }
}
