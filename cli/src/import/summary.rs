//! What an import did, for people and for programs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{creation::Tally, history::History, source::Bank};
use crate::output::{Document, Table, cell, detail_table};

/// What an import did.
#[derive(Debug)]
pub(super) struct Summary<'a> {
    /// What was read.
    pub(super) bank: &'a Bank,
    /// Every account with movements.
    pub(super) histories: &'a [History],
    /// One for each client.
    pub(super) customers: Tally,
    /// One wallet for each account.
    pub(super) wallets: Tally,
    /// One clearing wallet for each counterparty.
    pub(super) counterparties: Tally,
    /// One transfer for each movement.
    pub(super) movements: Tally,
    /// How long it took.
    pub(super) took: Duration,
}

impl Summary<'_> {
    /// The result in every format.
    pub(super) fn document(&self) -> Document {
        let created = [self.customers, self.wallets, self.counterparties, self.movements];
        let is_changed = created.iter().any(|tally| tally.created > 0);
        let value = json!({
            "changed": is_changed,
            "action": if is_changed { "imported" } else { "unchanged" },
            "object": self.object(),
            "operation_id": null,
            "request_id": null,
        });
        let document = Document::new(value).name("bank_import", "bank").table(self.table());
        if self.exact() == self.histories.len() {
            return document;
        }
        document.text("`-o json` lists every account that differs from the bank's print, and by how much.")
    }

    fn object(&self) -> Value {
        let differing: Vec<Value> =
            self.histories.iter().filter(|history| !history.is_exact()).map(differing).collect();
        json!({
            "object": "bank_import",
            "customers": of(self.customers),
            "wallets": of(self.wallets),
            "counterparties": of(self.counterparties),
            "movements": {
                "imported": self.movements.created,
                "already_there": self.movements.already_there,
                "skipped": self.bank.movements_skipped,
            },
            "skipped_lines": self.bank.skipped,
            "exact_accounts": self.exact(),
            "rounding_minor_max": self.rounding_minor_max(),
            "differing_accounts": differing,
            "seconds": self.took.as_secs_f64(),
        })
    }

    fn table(&self) -> Table {
        let tally = |tally: Tally| cell(format!("{} created, {} already there", tally.created, tally.already_there));
        let movements = format!(
            "{} imported, {} already there, {} skipped",
            self.movements.created, self.movements.already_there, self.bank.movements_skipped
        );
        detail_table([
            ("customers", tally(self.customers)),
            ("wallets", tally(self.wallets)),
            ("counterparties", tally(self.counterparties)),
            ("movements", cell(movements)),
            ("skipped lines", cell(self.bank.skipped.len().to_string())),
            ("exact accounts", cell(format!("{} of {}", self.exact(), self.histories.len()))),
            ("largest rounding difference", cell(crowns(self.rounding_minor_max()))),
            ("accounts that lack a movement", cell(self.with_gaps().count().to_string())),
            ("took", cell(humantime::format_duration(self.took).to_string())),
        ])
    }

    fn exact(&self) -> usize {
        self.histories.iter().filter(|history| history.is_exact()).count()
    }

    fn with_gaps(&self) -> impl Iterator<Item = &History> {
        self.histories.iter().filter(|history| !history.gaps.is_empty())
    }

    fn rounding_minor_max(&self) -> i64 {
        self.histories.iter().map(|history| history.rounding_minor_max).max().unwrap_or(0)
    }
}

fn of(tally: Tally) -> Value {
    json!({ "created": tally.created, "already_there": tally.already_there })
}

/// How an account differs from what the bank printed.
fn differing(history: &History) -> Value {
    let gaps: Vec<Value> = history
        .gaps
        .iter()
        .map(|gap| json!({ "source_id": gap.movement.to_string(), "amount_minor": gap.minor }))
        .collect();
    json!({
        "source_account": history.account.to_string(),
        "movements": history.movements.len(),
        "difference_minor_max": history.difference_minor_max,
        "rounding_minor_max": history.rounding_minor_max,
        "gaps": gaps,
    })
}

/// `0.10 CZK`
fn crowns(minor: i64) -> String {
    format!("{}.{:02} CZK", minor / 100, minor % 100)
}
