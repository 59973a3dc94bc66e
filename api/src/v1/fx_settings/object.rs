//! The settings as the API shows them.

use payments::fx::settings;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::Target;

/// What the merchant earns by conversion, and how old a rate may be.
#[derive(Serialize, ToSchema)]
pub struct FxSettings {
    /// Always `fx_settings`.
    object: &'static str,
    /// What is kept of converted money, in hundredths of a percent.
    spread_basis_points: u16,
    /// How many days old a rate may be; null is however old.
    rate_age_days_max: Option<u16>,
    /// Whether they are of the live side.
    livemode: bool,
    /// When they were last changed, in Unix seconds.
    updated: i64,
}

impl Target for FxSettings {
    fn target(&self) -> String {
        self.object.to_owned()
    }
}

impl From<settings::FxSettings> for FxSettings {
    fn from(settings: settings::FxSettings) -> Self {
        Self {
            object: "fx_settings",
            spread_basis_points: settings.spread_basis_points,
            rate_age_days_max: settings.rate_age_days_max,
            livemode: settings.livemode,
            updated: settings.updated.unix_timestamp(),
        }
    }
}
