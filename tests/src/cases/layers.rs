//! The layout: which crate may use which, and files that have grown.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;
use stack::Project;

use super::cases;
use crate::app::App;

cases!("layers":
    crates_use_only_those_below_them,
    long_files_are_told,
);

/// Each crate with those it may use. What is not listed may use nothing of ours.
const MAY_USE: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("entity", &["kernel", "keyring"]),
    ("migration", &["kernel"]),
    ("keyring", &["kernel"]),
    ("tenancy", &["kernel", "entity", "migration", "keyring"]),
    ("ledger", &["kernel", "entity", "migration", "keyring", "tenancy"]),
    ("policies", &["kernel", "entity", "migration", "keyring", "tenancy"]),
    ("payments", &["kernel", "entity", "migration", "keyring", "tenancy", "ledger", "policies"]),
    ("api", &["kernel", "entity", "migration", "keyring", "tenancy", "ledger", "policies", "payments"]),
    ("worker", &["kernel", "entity", "migration", "keyring", "tenancy", "ledger", "policies", "payments"]),
    (
        "cli",
        &["kernel", "entity", "migration", "keyring", "tenancy", "ledger", "policies", "payments", "api", "worker"],
    ),
    // Development only: nobody above may use them but each other.
    ("stack", &["kernel"]),
    ("tests", &["kernel", "keyring", "tenancy", "policies", "payments", "api", "stack"]),
    ("load", &[]),
    (
        "bench",
        &[
            "kernel",
            "entity",
            "migration",
            "keyring",
            "tenancy",
            "ledger",
            "policies",
            "payments",
            "api",
            "stack",
            "load",
        ],
    ),
];

/// Lines from which a file is worth a second look.
const LINES_LOOKED_AT: usize = 400;

async fn crates_use_only_those_below_them(_app: App) {
    let root = Project::locate().unwrap().root().to_owned();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(may_use) = allowed.get(name) else {
            wrong.push(format!("{name} has no place in the layers"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = dependency["name"].as_str().unwrap();
            // Tests of a crate may start servers.
            let in_tests = dependency["kind"] == "dev" && used == "stack";
            if allowed.contains_key(used) && !may_use.contains(&used) && !in_tests {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "against the layers: {wrong:?}");
}

async fn long_files_are_told(app: App) {
    let root = Project::locate().unwrap().root().to_owned();
    let mut long = Vec::new();
    for (name, _) in MAY_USE {
        let folder = match *name {
            "stack" => "dev/stack",
            "load" => "bench/load",
            name => name,
        };
        visit(&root.join(folder).join("src"), &mut long);
    }
    long.sort();
    long.reverse();
    let shown: Vec<String> = long.iter().map(|(lines, path)| format!("{path} {lines}")).collect();
    app.note(format!(
        "files of {LINES_LOOKED_AT} lines and more: {}",
        if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
    ));
}

fn visit(folder: &Path, long: &mut Vec<(usize, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, long);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            if lines >= LINES_LOOKED_AT {
                long.push((lines, path.display().to_string()));
            }
        }
    }
}
