//! The one variable part of a path.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path as AxumPath},
    http::request::Parts,
};

/// The variable part as text. What is no text at all (bytes that are not UTF-8) is empty, and so no id of anything.
#[derive(Debug)]
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let text = AxumPath::<String>::from_request_parts(parts, state).await;
        Ok(Self(text.map(|AxumPath(text)| text).unwrap_or_default()))
    }
}
