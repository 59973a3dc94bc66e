//! What is sealed stays sealed: nothing readable at rest or in logs, nothing opens elsewhere, and keys that are off,
//! away or gone close what they protect, and only that.

mod canaries;
mod guarded;
mod key_states;
mod sealed_places;

use std::path::Path;

use serde_json::json;

use self::{
    canaries::canaries_appear_nowhere_in_dumps_files_logs_or_redis,
    key_states::{
        a_local_key_that_is_destroyed_closes_its_environment_for_good,
        a_vault_key_that_is_disabled_and_destroyed_closes_its_environment_for_good,
        an_aws_key_service_that_is_silent_stops_what_needs_it_and_nothing_else,
        an_aws_key_that_is_disabled_stops_what_needs_it_and_nothing_else,
        data_keys_rotate_and_everything_stays_readable,
    },
    sealed_places::{
        a_data_key_of_another_environment_does_not_unwrap, a_sealed_field_opens_in_its_own_place_only,
        an_index_finds_by_equality_within_one_environment_only,
    },
};
use super::cases;
use crate::app::{
    client::Client,
    server::{Settings, setting},
};

cases!("crypto":
    canaries_appear_nowhere_in_dumps_files_logs_or_redis,
    a_sealed_field_opens_in_its_own_place_only,
    a_data_key_of_another_environment_does_not_unwrap,
    an_index_finds_by_equality_within_one_environment_only,
    data_keys_rotate_and_everything_stays_readable,
    an_aws_key_service_that_is_silent_stops_what_needs_it_and_nothing_else,
    an_aws_key_that_is_disabled_stops_what_needs_it_and_nothing_else,
    a_vault_key_that_is_disabled_and_destroyed_closes_its_environment_for_good,
    a_local_key_that_is_destroyed_closes_its_environment_for_good,
);

/// How long API processes of these cases keep unwrapped data keys.
const DATA_KEY_TTL_SECONDS: u64 = 2;

/// A customer with everything, and his row.
async fn customer(client: &Client, name: &str) -> (String, String) {
    let body = json!({"name": name, "email": format!("{}@example.com", name.to_lowercase()), "phone": format!("+49 {name}"), "tax_id": format!("T {name}"), "address": {"city": format!("{name}burg")}});
    let id = client.post("/v1/customers", body).await.id();
    let uuid = id.parse::<kernel::CustomerId>().unwrap().as_uuid().to_string();
    (id, uuid)
}

fn files_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_of(&path)) } else { files.push(path) }
    }
    files
}

fn short_lived_keys() -> Settings {
    vec![setting("KEYRING__DATA_KEY_TTL_SECONDS", DATA_KEY_TTL_SECONDS)]
}
