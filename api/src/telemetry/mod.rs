//! Logs: one JSON object a line on standard error, with the fields of the request's span.

mod line;

use std::io::IsTerminal as _;

use thiserror::Error;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::line::{JsonLine, SpanFields};

/// What is logged unless `TESSERA_LOG` says otherwise.
const FILTER_DEFAULT: &str = "info,sqlx=warn,hyper=warn,casbin=warn,sea_orm_migration=warn";

/// Why logging cannot be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter does not parse.
    #[error("`TESSERA_LOG` is not a valid filter, such as `info` or `info,sqlx=debug`")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// It was set up already.
    #[error("logging was set up twice")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Sets up logging for the process. A person at a terminal gets readable lines instead of JSON.
pub fn init(filter: Option<&str>) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(filter.unwrap_or(FILTER_DEFAULT))?;
    let registry = tracing_subscriber::registry().with(filter);
    if std::io::stderr().is_terminal() {
        registry.with(fmt::layer().compact().with_writer(std::io::stderr)).try_init()?;
    } else {
        let layer = fmt::layer().event_format(JsonLine).fmt_fields(SpanFields);
        registry.with(layer.with_writer(std::io::stderr)).try_init()?;
    }
    Ok(())
}
