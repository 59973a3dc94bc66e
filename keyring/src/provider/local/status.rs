//! What is written beside a master key: nothing while it is enabled.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::provider::KeyState;

/// The text of a state, or `None` for the one that needs no file.
pub(super) fn text(state: KeyState) -> Option<String> {
    match state {
        KeyState::Enabled => None,
        KeyState::PendingDestruction { due_at: Some(due_at) } => {
            due_at.format(&Rfc3339).ok().map(|due_at| format!("pending_destruction {due_at}\n"))
        }
        other => Some(format!("{}\n", other.as_str())),
    }
}

/// The state in a file; `None` where it is no text of ours, which is not the same as enabled.
pub(super) fn parse(content: &[u8]) -> Option<KeyState> {
    let text = std::str::from_utf8(content).ok()?.trim_end();
    match text.split_once(' ') {
        None if text == KeyState::Disabled.as_str() => Some(KeyState::Disabled),
        None if text == KeyState::Destroyed.as_str() => Some(KeyState::Destroyed),
        Some(("pending_destruction", due_at)) => OffsetDateTime::parse(due_at, &Rfc3339)
            .ok()
            .map(|due_at| KeyState::PendingDestruction { due_at: Some(due_at) }),
        _ => None,
    }
}
