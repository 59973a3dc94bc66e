//! What the merchant earns by conversion, and how old a published rate may be.

mod retrieve;
pub(in crate::fx) mod store;
mod update;

use entity::tenant::fx_setting::Model;
use time::OffsetDateTime;

pub use retrieve::retrieve;
pub use update::{FxSettingsUpdate, update};

use crate::Failure;

/// Largest spread: half of the money.
pub(in crate::fx) const SPREAD_BASIS_POINTS_MAX: u16 = 5_000;

/// The settings of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FxSettings {
    /// What is kept of converted money, in hundredths of a percent.
    pub spread_basis_points: u16,
    /// How many days old a rate may be; `None` is however old.
    pub rate_age_days_max: Option<u16>,
    /// Whether they are of the live environment.
    pub livemode: bool,
    /// When they were last changed.
    pub updated: OffsetDateTime,
}

fn view(row: &Model, livemode: bool) -> Result<FxSettings, Failure> {
    let damaged = |column| Failure::Corrupt { table: "fx_setting", column };
    let days = row.rate_age_days_max.map(u16::try_from).transpose();
    Ok(FxSettings {
        spread_basis_points: u16::try_from(row.spread_basis_points)
            .ok()
            .filter(|points| *points <= SPREAD_BASIS_POINTS_MAX)
            .ok_or(damaged("spread_basis_points"))?,
        rate_age_days_max: days.map_err(|_| damaged("rate_age_days_max"))?,
        livemode,
        updated: row.updated_at,
    })
}

/// The settings as a quote is made by them.
pub(in crate::fx) async fn current(context: &crate::Context<'_>) -> Result<FxSettings, Failure> {
    let row = store::find(context.tx).await?;
    view(&row.ok_or(Failure::Corrupt { table: "fx_setting", column: "singleton" })?, context.livemode())
}
