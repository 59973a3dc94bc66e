//! Reads the settings.

use policies::{Permit, RetrieveFxSettings};

use super::{FxSettings, current};
use crate::{Context, Error, fx::Refusal};

/// Reads the settings.
pub async fn retrieve(
    context: &Context<'_>,
    permit: &Permit<RetrieveFxSettings>,
) -> Result<FxSettings, Error<Refusal>> {
    context.reach_all(permit)?;
    Ok(current(context).await?)
}
