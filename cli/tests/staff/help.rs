//! Help, manual pages, version.

use crate::play::{Program, Stage};

#[test]
fn help_explains_commands_and_topics() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    let by_flag = program.run(&["tenant", "suspend", "--help"]);
    let by_command = program.run(&["help", "tenant", "suspend"]);
    assert_eq!(by_flag.expect(0).stdout.trim(), by_command.expect(0).stdout.trim());
    assert!(by_flag.stdout.contains("Examples:\n  tessera tenant suspend acme"), "{by_flag:?}");
    program.run(&["help", "nonsense"]).expect(2);
    assert!(program.run(&["help"]).expect(0).stdout.contains("tenant"));
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    let directory = program.path("man");
    let (code, document) = program.json(&["help", "man", "--dir", directory.to_str().unwrap()]);
    assert!(code == 0 && document["files"].as_array().unwrap().len() > 30, "{document}");
    for page in ["tessera.1", "tessera-tenant-create.1", "tessera-config-profile-set.1"] {
        assert!(directory.join(page).exists(), "{page}");
    }
    assert!(program.run(&["help", "man"]).expect(0).stdout.contains(".TH tessera 1"));
}

#[test]
fn the_version_is_told() {
    let stage = Stage::open();
    let program = Program::signed_out(&stage);
    assert_eq!(program.run(&["version"]).stdout, format!("tessera {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(program.json(&["version"]).1["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(program.run(&["--version"]).code, 0);
}
