//! Published rates and what became of a file of them, as the API shows them.

use std::collections::BTreeMap;

use kernel::{Currency, FxRateId};
use payments::fx::{
    ecb,
    rate::{self, Loaded},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::Target;

/// What a source published for a day.
#[derive(Serialize, ToSchema)]
pub struct FxRate {
    /// Identifier.
    #[schema(value_type = String)]
    id: FxRateId,
    /// Always `fx_rate`.
    object: &'static str,
    /// One unit of this costs so many of the others. ISO 4217, lower case.
    #[schema(value_type = String)]
    base: Currency,
    /// From when on it counts, such as `2026-11-20`.
    effective_date: String,
    /// Who published it.
    source: String,
    /// Decimal text by currency.
    rates: BTreeMap<String, String>,
    /// Whether it is of the live side.
    livemode: bool,
    /// When it was made, in Unix seconds.
    created: i64,
}

impl Target for FxRate {
    fn target(&self) -> String {
        self.id.to_string()
    }
}

impl From<rate::FxRate> for FxRate {
    fn from(rate: rate::FxRate) -> Self {
        Self {
            id: rate.id,
            object: "fx_rate",
            base: rate.base,
            effective_date: rate.effective_on.to_string(),
            source: rate.source,
            rates: rate.rates.into_iter().map(|(code, rate)| (code, rate.to_string())).collect(),
            livemode: rate.livemode,
            created: rate.created.unix_timestamp(),
        }
    }
}

/// What became of a file of rates.
#[derive(Serialize, ToSchema)]
pub struct FxRateImport {
    /// Always `fx_rate_import`.
    object: &'static str,
    /// The currency that one unit is of.
    base: &'static str,
    /// Who published it.
    source: &'static str,
    /// Days whose rates are new.
    loaded: u64,
    /// Days that were there already, with the same rates.
    unchanged: u64,
    /// Lines that were passed over.
    rejected: u64,
    /// The first hundred of them.
    rejected_lines: Vec<FxRateRejectedLine>,
    /// Columns of currencies that are no more.
    skipped_currencies: Vec<String>,
    /// The earliest day in the file.
    first_effective_date: Option<String>,
    /// The latest day in the file.
    last_effective_date: Option<String>,
}

/// A line that was passed over.
#[derive(Serialize, ToSchema)]
pub struct FxRateRejectedLine {
    /// From 1.
    line: u64,
    /// What is wrong with it.
    message: String,
}

impl FxRateImport {
    /// A file and what was written of it.
    pub(super) fn of(file: ecb::File, loaded: Loaded) -> Self {
        let days = || file.days.iter().map(|day| day.effective_on);
        let (first, last) = (days().min(), days().max());
        let rejected = |bad: ecb::BadLine| FxRateRejectedLine { line: bad.number, message: bad.problem.to_string() };
        Self {
            object: "fx_rate_import",
            base: ecb::BASE,
            source: ecb::SOURCE,
            loaded: loaded.loaded,
            unchanged: loaded.unchanged,
            rejected: file.bad_lines_count,
            rejected_lines: file.bad_lines.into_iter().map(rejected).collect(),
            skipped_currencies: file.skipped_currencies,
            first_effective_date: first.map(|date| date.to_string()),
            last_effective_date: last.map(|date| date.to_string()),
        }
    }
}

impl Target for FxRateImport {
    fn target(&self) -> String {
        self.source.to_owned()
    }
}
