//! Outcomes of orders as clients read them.

use axum::http::StatusCode;
use payments::{
    Error,
    desk::{Declined, Object, Rendered},
};
use serde::Serialize;

use super::{wallet_holds::WalletHold, wallet_transfers::WalletTransfer};
use crate::ApiError;

/// The transfer that was made, or why none was.
pub(crate) fn transfer(outcome: &Result<Vec<Object>, Declined>) -> Rendered {
    one(outcome, |object| match object {
        Object::Transfer(transfer, _) => Some(json(&WalletTransfer::from(transfer.clone()))),
        Object::NewHold(_) | Object::Hold(_) => None,
    })
}

/// The hold that was made or changed, or why none was.
pub(crate) fn hold(outcome: &Result<Vec<Object>, Declined>) -> Rendered {
    one(outcome, |object| match object {
        Object::NewHold(hold) | Object::Hold(hold) => Some(json(&WalletHold::from(hold.clone()))),
        Object::Transfer(..) => None,
    })
}

fn one(outcome: &Result<Vec<Object>, Declined>, body: impl Fn(&Object) -> Option<String>) -> Rendered {
    match outcome {
        Ok(objects) => match objects.iter().find_map(body) {
            Some(body) => Rendered { status: StatusCode::OK.as_u16(), body },
            None => declined(&ApiError::internal()),
        },
        Err(Declined { refusal, .. }) => declined(&ApiError::from(Error::Refused(*refusal))),
    }
}

/// An error as it is stored and sent.
pub(crate) fn declined(error: &ApiError) -> Rendered {
    Rendered { status: error.status().as_u16(), body: json(&error.body()) }
}

/// Objects of ours have no map with keys that are not text: they can be written.
pub(crate) fn json(object: &impl Serialize) -> String {
    serde_json::to_string(object).unwrap_or_default()
}
