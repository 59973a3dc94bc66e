//! Changes the settings. Quotes that were made stay as they are.

use policies::{Permit, UpdateFxSettings};

use super::{FxSettings, SPREAD_BASIS_POINTS_MAX, current, store};
use crate::{
    Change, Context, Error,
    field::{InvalidField, Problem},
    fx::Refusal,
};

/// Oldest rate that can be asked for, in days.
const RATE_AGE_DAYS_MAX: u16 = 3_650;

/// What to change.
#[derive(Clone, Debug, Default)]
pub struct FxSettingsUpdate {
    /// What is kept of converted money, in hundredths of a percent.
    pub spread_basis_points: Option<i64>,
    /// How many days old a rate may be; null is however old.
    pub rate_age_days_max: Change<i64>,
}

/// Changes the settings.
pub async fn update(
    context: &Context<'_>,
    permit: &Permit<UpdateFxSettings>,
    update: FxSettingsUpdate,
) -> Result<FxSettings, Error<Refusal>> {
    context.reach_all(permit)?;
    let spread = update
        .spread_basis_points
        .map(|points| within("spread_basis_points", points, 0, SPREAD_BASIS_POINTS_MAX))
        .transpose()
        .map_err(Refusal::Invalid)?;
    let days = update
        .rate_age_days_max
        .try_map(|days| within("rate_age_days_max", days, 1, RATE_AGE_DAYS_MAX))
        .map_err(Refusal::Invalid)?;
    store::update(context.tx, spread, days, context.now()).await?;
    Ok(current(context).await?)
}

fn within(param: &'static str, value: i64, min: u16, max: u16) -> Result<u16, InvalidField> {
    let found = u16::try_from(value).ok().filter(|value| (min..=max).contains(value));
    found.ok_or_else(|| Problem::OutOfRange { min: i64::from(min), max: i64::from(max) }.of(param))
}
