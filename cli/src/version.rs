//! `tessera version`

use serde_json::json;

use crate::output::Document;

/// The version of this program.
pub(crate) fn run() -> Document {
    let version = env!("CARGO_PKG_VERSION");
    Document::new(json!({ "object": "version", "version": version }))
        .name("version", version)
        .text(format!("tessera {version}"))
}
