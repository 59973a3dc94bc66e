//! `tessera key …`

use serde_json::json;

use crate::play::{Program, Stage, assert_write};

#[test]
fn every_key_command_goes_to_its_route() {
    let stage = Stage::open();
    let program = Program::signed_in(&stage);
    let commands: [(&[&str], &str); 5] = [
        (&["key", "rotate", "acme", "--mode", "live"], "/kms_keys/live/rotate"),
        (&["key", "disable", "acme", "--mode", "test", "--reason", "x", "--yes"], "/kms_keys/test/disable"),
        (&["key", "enable", "acme", "--mode", "test"], "/kms_keys/test/enable"),
        (&["key", "destroy", "acme", "--mode", "live", "--reason", "x", "--confirm", "acme"], "/kms_keys/live/destroy"),
        (&["key", "rotate-data-keys", "acme", "--mode", "live"], "/data_keys/rotate"),
    ];
    for (command, route) in commands {
        let (code, document) = program.json(command);
        assert_eq!(code, 0, "{command:?}");
        assert_write(&document);
        assert_eq!(stage.writes().last().unwrap().path, format!("/platform/v1/tenants/acme{route}"));
    }
    assert_eq!(stage.writes()[3].body, json!({ "confirm": "acme" }));
    let (code, list) = program.json(&["key", "list", "acme"]);
    assert_eq!((code, list["data"].as_array().unwrap().len()), (0, 2));
    let names = program.run(&["key", "list", "acme", "-o", "name"]);
    assert_eq!(names.stdout, "kms_key/acme/live\nkms_key/acme/test\n");
}
