//! `demo`: the platform's main job, told step by step.

use anyhow::Result;

use super::up::up;

/// Starts everything and does the main job.
pub(crate) async fn demo() -> Result<()> {
    let _running = up().await?;
    Ok(())
}
