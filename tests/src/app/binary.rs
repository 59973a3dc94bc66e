//! The binary under test.

use std::process::Command;

use stack::Project;

/// Builds `tessera` when nobody has: a test run on its own must not fail for that.
pub fn build_if_missing() {
    let project = Project::locate().unwrap();
    if project.tessera_binary().is_file() {
        return;
    }
    println!("building the `tessera` binary first");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(["build", "-p", "cli"]).current_dir(project.root()).status().unwrap();
    assert!(status.success(), "the binary does not build");
}
