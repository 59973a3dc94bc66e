//! Input that is wrong in every way we know: refused in the API's shape, by the field's name, with nothing stored.

mod bodies;
mod lists_and_paths;
mod transport;

use self::{
    bodies::{
        a_body_of_ten_megabytes_is_refused_on_every_write_route, a_body_that_is_not_announced_as_json_is_refused,
        every_write_route_refuses_every_malformed_body_by_field_and_stores_nothing,
        the_staff_api_refuses_malformed_specifications_by_field_and_stores_nothing,
    },
    lists_and_paths::{
        ids_that_are_no_ids_do_not_exist, lists_refuse_malformed_queries_by_name,
        other_methods_and_spellings_of_a_path_reach_nothing_else,
    },
    transport::{
        clients_that_drip_are_cut_off_and_cost_nobody_else, requests_that_could_be_read_in_two_ways_are_refused,
    },
};
use super::cases;
use crate::app::{client::Answer, malformed};

cases!("bad_input":
    every_write_route_refuses_every_malformed_body_by_field_and_stores_nothing,
    the_staff_api_refuses_malformed_specifications_by_field_and_stores_nothing,
    lists_refuse_malformed_queries_by_name,
    ids_that_are_no_ids_do_not_exist,
    a_body_of_ten_megabytes_is_refused_on_every_write_route,
    a_body_that_is_not_announced_as_json_is_refused,
    other_methods_and_spellings_of_a_path_reach_nothing_else,
    requests_that_could_be_read_in_two_ways_are_refused,
    clients_that_drip_are_cut_off_and_cost_nobody_else,
);

/// What is wrong with the answer to a malformed body, if anything is.
fn complaint(answer: &Answer, param: &str) -> Option<String> {
    let acceptable = [400, 404, 409, 413, 422].contains(&answer.status);
    let named = answer.param().is_some_and(|found| malformed::names(&found, param));
    if acceptable && named {
        answer.error();
        return None;
    }
    Some(format!("{} {}", answer.status, answer.text))
}
