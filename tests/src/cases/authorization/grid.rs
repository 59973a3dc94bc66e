//! Measuring every cell, and what each must be by the role table.

use kernel::{Clock as _, EnvironmentId, SystemClock};
use policies::{Attributes, PolicySnapshot, Reach};

use super::{
    credential::{Credential, Worth},
    probe::{PROBES, Probe, fresh},
    scene::{CLERK_RULES, Objects, Scene},
    table,
};
use crate::app::{client::Answer, database::Database};

/// What may happen in a cell, as the table writes it.
mod word {
    pub const OPEN: &str = "open";
    pub const UNAUTHENTICATED: &str = "401";
    pub const EXPIRED: &str = "401-expired";
    pub const DENIED: &str = "403";
    pub const ALL: &str = "all";
    pub const OWN: &str = "own";
    pub const MISSING: &str = "404";
    pub const ELSEWHERE: &str = "elsewhere";
}

/// The routes down, the credentials across.
pub struct Grid {
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<Cell>)>,
}

struct Cell {
    expected: &'static str,
    found: String,
}

/// What the role table says of a probe.
fn expected(probe: &Probe, worth: Worth, built_in: &PolicySnapshot) -> &'static str {
    let Some((object, act)) = probe.action else { return word::OPEN };
    match worth {
        Worth::Nothing => word::UNAUTHENTICATED,
        Worth::Expired => word::EXPIRED,
        Worth::Elsewhere | Worth::Live if probe.has_id() || probe.names_wallets() => word::MISSING,
        // Other answers of another environment are about itself.
        Worth::Elsewhere | Worth::Live => word::ELSEWHERE,
        Worth::Clerk if CLERK_RULES.contains(&(object, act)) => word::ALL,
        Worth::Clerk => word::DENIED,
        Worth::Role(role) => {
            let attributes = Attributes::at(SystemClock.now());
            match built_in.explain(role, object, act, &attributes).reach {
                Some(Reach::All) => word::ALL,
                Some(Reach::Own) => word::OWN,
                None => word::DENIED,
            }
        }
    }
}

impl Grid {
    /// Tries the refused cells first and looks whether anything changed, then the others.
    pub async fn measure(scene: &Scene, credentials: &[Credential], database: &Database) -> Self {
        let environment: EnvironmentId = scene.environment.id.parse().unwrap();
        let built_in = PolicySnapshot::built_in(environment).unwrap();
        let mut rows: Vec<(String, Vec<Cell>)> = PROBES
            .iter()
            .map(|probe| {
                let cell = |credential: &Credential| Cell {
                    expected: expected(probe, credential.worth, &built_in),
                    found: String::new(),
                };
                (format!("{} {}", probe.method, probe.path), credentials.iter().map(cell).collect())
            })
            .collect();
        let schema = &scene.environment.schema;
        let before = database.contents(schema).await;
        let mut denied = 0;
        for refused_ones in [true, false] {
            for (probe, (_, cells)) in PROBES.iter().zip(&mut rows) {
                for (credential, cell) in credentials.iter().zip(cells) {
                    let is_refused = ![word::ALL, word::OWN, word::OPEN].contains(&cell.expected);
                    if is_refused == refused_ones {
                        cell.found = try_cell(probe, credential, cell.expected, scene).await;
                        denied += i64::from(cell.found == word::DENIED);
                    }
                }
            }
            if refused_ones {
                let mut after = database.contents(schema).await;
                let (records_before, records_after) = (before["audit_record"].0, after["audit_record"].0);
                assert_eq!(records_after - records_before, denied, "one audit record per refusal by a role");
                after.insert("audit_record".to_owned(), before["audit_record"].clone());
                assert_eq!(before, after, "a refused request changed something");
            }
        }
        Self { columns: credentials.iter().map(|credential| credential.name).collect(), rows }
    }

    /// Fails with every cell that is not what the roles say.
    pub fn assert_as_the_role_table_says(&self) {
        let wrong: Vec<String> = self
            .rows
            .iter()
            .flat_map(|(route, cells)| cells.iter().zip(&self.columns).map(move |(cell, column)| (route, column, cell)))
            .filter(|(_, _, cell)| cell.found != cell.expected)
            .map(|(route, column, cell)| format!("{route} as {column}: {}, not {}", cell.found, cell.expected))
            .collect();
        assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }

    /// The table as it is committed.
    pub fn to_text(&self) -> String {
        let rows = self
            .rows
            .iter()
            .map(|(route, cells)| (route.clone(), cells.iter().map(|cell| cell.found.clone()).collect()));
        let header = "# Every route of the payment API with every kind of credential.\n\
            # open: needs none; all: carried out on any object; own: on the person's own, others do not exist;\n\
            # 403: refused by the role, with an audit record; 404: does not exist there; elsewhere: in the credential's own\n\
            # environment, nothing of ours; 401: no valid credential, the same bytes for every reason.\n\
            # Written by `UPDATE_TABLES=1 cargo test -p tests -- authorization`, compared by the same test.\n";
        table::render(header, &self.columns, rows)
    }
}

/// Sends what the cell is about and says in a word what happened.
async fn try_cell(probe: &Probe, credential: &Credential, expected: &str, scene: &Scene) -> String {
    let objects = if expected == word::OWN { &scene.own } else { &scene.merchant };
    let objects = match expected {
        word::ALL => &probe.with_fresh(objects, &scene.environment.member("owner")).await,
        word::OWN => &probe.with_fresh(objects, &scene.end_user).await,
        _ => objects,
    };
    let fresh_target = if expected == word::ALL { probe.fresh_target(scene).await } else { None };
    let id = fresh_target.unwrap_or_else(|| Scene::id(objects, probe.target).to_owned());
    let client = if expected == word::OWN && probe.path == "/v1/customers" && probe.method == "POST" {
        // A person has one customer: another person tries to make his.
        scene.environment.end_user(&fresh("person"))
    } else {
        credential.client.clone()
    };
    let answer = probe.send_with(&client, &id, objects, scene).await;
    match expected {
        word::OPEN if answer.status == 200 => word::OPEN.to_owned(),
        word::OWN if answer.status == 200 => others_are_out_of_reach(probe, credential, scene).await,
        word::ELSEWHERE if answer.status == 200 => nothing_of_ours(&answer, &scene.merchant),
        _ => in_a_word(&answer),
    }
}

fn in_a_word(answer: &Answer) -> String {
    match (answer.status, answer.code().as_deref()) {
        (200, _) => word::ALL.to_owned(),
        (401, Some("authentication_required")) => word::UNAUTHENTICATED.to_owned(),
        (401, Some("token_expired")) => word::EXPIRED.to_owned(),
        (403, Some("permission_denied")) => word::DENIED.to_owned(),
        (404, Some("resource_missing")) => word::MISSING.to_owned(),
        (status, code) => format!("{status}-{}", code.unwrap_or("without-code")),
    }
}

/// Where only his own is allowed, the merchant's must not exist.
async fn others_are_out_of_reach(probe: &Probe, credential: &Credential, scene: &Scene) -> String {
    let others = &scene.merchant;
    if !probe.has_id() && !probe.names_wallets() {
        return word::OWN.to_owned();
    }
    let id = Scene::id(others, probe.target);
    let seen = probe.send_with(&credential.client, id, others, scene).await;
    let found = in_a_word(&seen);
    if found == word::MISSING { word::OWN.to_owned() } else { format!("own-and-others:{found}") }
}

/// A success in another environment must be about nothing of this one.
fn nothing_of_ours(answer: &Answer, ours: &Objects) -> String {
    let Objects {
        customer,
        wallet,
        other_wallet,
        transfer,
        wallet_hold,
        dollars,
        fx_quote,
        fx_conversion,
        audit_record,
        role,
        member,
        api_key,
    } = ours;
    let money = [customer, wallet, other_wallet, transfer, wallet_hold, dollars, fx_quote, fx_conversion];
    let leaked =
        money.into_iter().chain([audit_record, role, member, api_key]).find(|id| answer.text.contains(id.as_str()));
    leaked.map_or_else(|| word::ELSEWHERE.to_owned(), |id| format!("LEAKED:{id}"))
}
