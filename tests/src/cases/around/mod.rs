//! What surrounds every request: ids, headers, logs, limits, health, and changes that must act within a second.

mod acts_everywhere;
mod limits;
mod policies;
mod process;
mod request;

use self::{
    acts_everywhere::{
        a_changed_policy_acts_within_a_second_on_every_process,
        a_revoked_key_is_refused_within_a_second_on_every_process,
        a_role_taken_away_acts_within_a_second_on_every_process,
        a_suspended_tenant_is_refused_within_a_second_on_every_process,
    },
    limits::{
        limits_hold_per_credential_and_per_environment_over_all_processes,
        payments_go_on_under_the_local_limiter_while_redis_is_dead,
    },
    policies::{
        a_country_counts_only_in_the_header_of_the_proxy, an_explanation_tells_which_rule_decides_and_why,
        conditions_of_a_role_are_enforced_with_the_requests_own_amount_and_currency,
    },
    process::{a_wrong_setting_refuses_to_start_and_names_its_key, health_and_readiness_tell_the_truth},
    request::{
        every_answer_carries_a_request_id_of_its_own_and_the_security_headers,
        every_write_and_every_refusal_has_one_audit_record,
        logs_are_json_lines_that_name_request_and_tenant_and_no_person,
    },
};
use super::cases;

cases!("around":
    every_answer_carries_a_request_id_of_its_own_and_the_security_headers,
    logs_are_json_lines_that_name_request_and_tenant_and_no_person,
    health_and_readiness_tell_the_truth,
    limits_hold_per_credential_and_per_environment_over_all_processes,
    payments_go_on_under_the_local_limiter_while_redis_is_dead,
    a_suspended_tenant_is_refused_within_a_second_on_every_process,
    a_role_taken_away_acts_within_a_second_on_every_process,
    a_changed_policy_acts_within_a_second_on_every_process,
    a_revoked_key_is_refused_within_a_second_on_every_process,
    an_explanation_tells_which_rule_decides_and_why,
    conditions_of_a_role_are_enforced_with_the_requests_own_amount_and_currency,
    a_country_counts_only_in_the_header_of_the_proxy,
    every_write_and_every_refusal_has_one_audit_record,
    a_wrong_setting_refuses_to_start_and_names_its_key,
);
