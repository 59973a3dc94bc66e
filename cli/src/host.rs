//! The name of this machine, for the audit log.

use std::fs;

use crate::configuration::variable;

/// Longest name sent, in characters.
const HOST_CHARACTERS_MAX: usize = 100;

/// The host's name, or `unknown`.
pub(crate) fn name() -> String {
    let name =
        fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| variable("HOSTNAME")).unwrap_or_default();
    let printable: String = name.trim().chars().filter(char::is_ascii_graphic).take(HOST_CHARACTERS_MAX).collect();
    if printable.is_empty() { "unknown".to_owned() } else { printable }
}
