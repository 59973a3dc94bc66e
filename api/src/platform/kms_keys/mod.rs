//! The KMS keys of a tenant's environments.

pub mod destroy;
pub mod disable;
pub mod enable;
pub mod list;
pub mod rotate;

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};

/// The two variable parts of these paths. What is no text at all (bytes that are not UTF-8) is empty, and so no key.
#[derive(Debug)]
pub struct KeyPath {
    slug: String,
    mode: String,
}

impl<S: Send + Sync> FromRequestParts<S> for KeyPath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let (slug, mode) = path.map(|Path(path)| path).unwrap_or_default();
        Ok(Self { slug, mode })
    }
}
