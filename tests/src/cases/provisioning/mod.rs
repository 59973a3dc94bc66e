//! The life of tenants through the staff API: made, changed, migrated, ended, whatever dies in between.

mod lifecycle;
mod migrations;
mod platform;
mod processes;
mod services;
mod specifications;

use serde_json::Value;

use self::{
    lifecycle::a_tenant_lives_from_creation_to_offboarding_and_every_step_repeats_as_unchanged,
    migrations::a_migration_that_fails_for_one_tenant_leaves_the_others_forward_and_resumes,
    platform::{bootstrap_is_safe_to_repeat, the_platform_keeps_an_audit_record_of_every_write_and_every_refusal},
    processes::{
        a_lease_that_expires_is_taken_over_by_another_process,
        kill_9_of_control_twenty_times_and_every_tenant_is_completed_and_none_is_seen_early,
        two_processes_asked_at_once_make_one_tenant,
    },
    services::{
        a_key_service_that_refuses_or_is_away_leaves_nothing_half_visible_and_is_resumed,
        an_issuer_that_cannot_be_reached_is_a_clear_refusal_and_leaves_nothing,
    },
    specifications::{
        a_dry_run_checks_everything_and_changes_nothing,
        the_same_specification_changes_nothing_and_another_is_a_conflict,
    },
};
use super::cases;
use crate::app::{
    client::{Answer, Client, Extras},
    mint::Issuer,
    stack::Stack,
    tenant::AUDIENCE_TEST,
};

cases!("provisioning":
    kill_9_of_control_twenty_times_and_every_tenant_is_completed_and_none_is_seen_early,
    a_migration_that_fails_for_one_tenant_leaves_the_others_forward_and_resumes,
    a_tenant_lives_from_creation_to_offboarding_and_every_step_repeats_as_unchanged,
    the_same_specification_changes_nothing_and_another_is_a_conflict,
    a_dry_run_checks_everything_and_changes_nothing,
    an_issuer_that_cannot_be_reached_is_a_clear_refusal_and_leaves_nothing,
    a_key_service_that_refuses_or_is_away_leaves_nothing_half_visible_and_is_resumed,
    a_lease_that_expires_is_taken_over_by_another_process,
    two_processes_asked_at_once_make_one_tenant,
    the_platform_keeps_an_audit_record_of_every_write_and_every_refusal,
    bootstrap_is_safe_to_repeat,
);

async fn send(staff: &Client, path: &str, body: Value) -> Answer {
    let headers =
        vec![("tessera-reason".to_owned(), "a test".to_owned()), ("tessera-host".to_owned(), "testing".to_owned())];
    let extras = Extras { body: Some(body), headers, ..Extras::default() };
    staff.send("POST", &format!("/platform/v1/{path}"), extras).await
}

/// Whether the API serves a token of this tenant.
async fn is_routed(stack: &Stack, slug: &str, issuer: &Issuer) -> bool {
    let token = issuer.token(slug, AUDIENCE_TEST, "the-owner").mint();
    let answer = stack.api.anonymous().with_bearer(&token).get("/v1/wallets").await;
    assert!(answer.status == 200 || answer.status == 401, "{} {}", answer.status, answer.text);
    answer.status == 200
}
