//! A file of rates as a request's body: read line by line while it comes, never held whole.

use std::time::Duration;

use aws_lc_rs::digest;
use axum::{
    extract::Request,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use payments::fx::ecb;

use crate::{
    ApiError,
    parameters::{BodyLimits, each_piece},
};

/// The whole history has some two million bytes.
const LIMITS: BodyLimits = BodyLimits { length_max: 8 * 1_024 * 1_024, time_max: Duration::from_secs(20) };

/// What a file holds, and what an idempotency key is bound to.
pub(super) struct Received {
    pub(super) file: ecb::File,
    pub(super) canonical: String,
}

/// Whether the body is announced as such a file.
pub(super) fn is_announced(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(|text| text.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
}

/// Reads the file to its end.
pub(super) async fn receive(request: Request) -> Result<Received, ApiError> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut reader = ecb::Reader::default();
    let mut fed = Ok(());
    each_piece(request, LIMITS, |piece| {
        hash.update(piece);
        if fed.is_ok() {
            fed = reader.feed(piece);
        }
    })
    .await?;
    let file = fed.and_then(|()| reader.finish()).map_err(refused)?;
    Ok(Received { file, canonical: format!("text/csv {}", hex::encode(hash.finish())) })
}

fn refused(error: ecb::FileError) -> ApiError {
    let message = format!("This is no file of the European Central Bank's reference rates: {error}.");
    ApiError::invalid("fx_rate_file_invalid", message).with_param("body")
}
