//! `POST /v1/wallet_transfers/bulk`

use std::{collections::HashSet, sync::Arc};

use axum::{
    body::Body as ResponseBody,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use payments::desk::{Declined, Object, Rendered};
use serde::Deserialize;
use tenancy::idempotency::IdempotencyKey;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::{WalletTransfer, create::CreateWalletTransferBody};
use crate::{ApiError, Caller, call::Placed, error::ErrorBody, parameters::Body, v1::orders};

/// Most transfers of one call.
const TRANSFERS_MAX: usize = 10_000;
/// Largest body of this route, in bytes.
const BODY_LENGTH_MAX: usize = 8 * 1024 * 1024;
/// Lines that wait for a slow client before the next transfers do.
const LINES_WAITING_MAX: usize = 256;

/// Whether transfers stand or fall together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkMode {
    /// Each for itself, in the order given.
    Independent,
    /// All or none.
    Atomic,
}

/// Many transfers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkWalletTransfersBody {
    /// Whether they stand or fall together.
    mode: BulkMode,
    /// 1 to 10,000 transfers.
    transfers: Vec<BulkTransfer>,
}

/// One of many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkTransfer {
    /// The wallet to take it from.
    source: String,
    /// The wallet to put it into.
    destination: String,
    /// Minor units, at least 1.
    #[schema(value_type = i64, minimum = 1)]
    amount: kernel::Amount,
    /// ISO 4217, lower case; must be that of both wallets.
    #[schema(value_type = String)]
    currency: kernel::Currency,
    /// When it counts, where that is not now: Unix seconds or RFC 3339, not in the future.
    #[schema(value_type = Option<i64>)]
    occurred_at: Option<crate::v1::moment::Moment>,
    /// What for; sealed.
    description: Option<String>,
    /// The merchant's own key-value pairs.
    #[serde(default)]
    metadata: crate::v1::Metadata,
    /// Makes this one transfer repeatable, whatever call it is in. Independent transfers only.
    idempotency_key: Option<String>,
}

/// What became of one of them: a line of the answer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a line; lines are put together from answers as they are stored")]
pub struct BulkLine {
    /// Its place in the call, from 0.
    index: usize,
    /// `succeeded` or `failed`.
    status: String,
    /// The transfer, where it succeeded.
    wallet_transfer: Option<WalletTransfer>,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    error: Option<serde_json::Value>,
}

/// Moves money many times: all or none, or each for itself, with a line for each in the order given.
#[utoipa::path(
    post, path = "/v1/wallet_transfers/bulk", tag = "wallet_transfers", request_body = BulkWalletTransfersBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable.")),
    responses(
        (status = 200, body = BulkLine, content_type = "application/x-ndjson"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)
    )
)]
pub async fn bulk(caller: Caller, body: Body<BulkWalletTransfersBody, BODY_LENGTH_MAX>) -> Result<Response, ApiError> {
    let BulkWalletTransfersBody { mode, transfers } = body.value;
    if transfers.is_empty() || transfers.len() > TRANSFERS_MAX {
        let message = format!("A call has 1 to {TRANSFERS_MAX} transfers.");
        return Err(ApiError::invalid("parameter_invalid", message).with_param("transfers"));
    }
    check_keys(mode, &transfers)?;
    match mode {
        BulkMode::Atomic => together(caller, &body.canonical, transfers).await,
        BulkMode::Independent => each_for_itself(caller, transfers).await,
    }
}

/// A key stands for one transfer, and for nothing where all stand together.
fn check_keys(mode: BulkMode, transfers: &[BulkTransfer]) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for (index, transfer) in transfers.iter().enumerate() {
        let Some(key) = &transfer.idempotency_key else { continue };
        let problem = if mode == BulkMode::Atomic {
            "Transfers that stand together are repeatable together: send the header Idempotency-Key."
        } else if IdempotencyKey::parse(key).is_err() {
            "An idempotency_key has 1 to 255 printable ASCII characters."
        } else if !seen.insert(key) {
            "Two transfers of one call have the same idempotency_key."
        } else {
            continue;
        };
        let param = format!("transfers[{index}][idempotency_key]");
        return Err(ApiError::invalid("parameter_invalid", problem).with_param(&param));
    }
    Ok(())
}

async fn together(caller: Caller, canonical: &str, transfers: Vec<BulkTransfer>) -> Result<Response, ApiError> {
    let worded = transfers.iter().any(|transfer| transfer.description.is_some());
    let keys = if worded { caller.keys().await } else { payments::KeyAccess::not_fetched() };
    let mut asks = Vec::with_capacity(transfers.len());
    let mut permit = None;
    for (index, transfer) in transfers.into_iter().enumerate() {
        let (asked, _) = transfer.parts();
        permit = Some(asked.permit(&caller).await?);
        asks.push(asked.ask(&caller, &keys).map_err(|error| error.within(&format!("transfers[{index}]")))?);
    }
    let permit = permit.ok_or_else(ApiError::internal)?;
    let mut response = caller.order(&permit, keys, canonical, asks, all_lines).await?;
    if response.status().is_success() {
        response.headers_mut().insert(CONTENT_TYPE, NDJSON);
    }
    Ok(response)
}

/// Orders are readied in turn, so that they wait in the order given; lines are sent as they come. Nobody's leaving
/// stops what was begun.
async fn each_for_itself(caller: Caller, transfers: Vec<BulkTransfer>) -> Result<Response, ApiError> {
    let caller = Arc::new(caller);
    let mut orders = Vec::with_capacity(transfers.len());
    for (index, transfer) in transfers.into_iter().enumerate() {
        let placed = place(&caller, index, transfer).await;
        orders.push(placed.map_err(|error| error.within(&format!("transfers[{index}]"))));
    }
    let (lines, waiting) = mpsc::channel::<Bytes>(LINES_WAITING_MAX);
    let units = caller.api().units.clone();
    units.detach(async move {
        let mut answers = std::pin::pin!(caller.send_all(orders).enumerate());
        while let Some((index, answer)) = answers.next().await {
            // A client that has left hears nothing more; its transfers go on.
            let _unheard = lines.send(Bytes::from(line(index, answer))).await;
        }
    });
    let stream = stream::unfold(waiting, |mut waiting| async move {
        waiting.recv().await.map(|line| (Ok::<_, std::convert::Infallible>(line), waiting))
    });
    let mut response = ResponseBody::from_stream(stream).into_response();
    response.headers_mut().insert(CONTENT_TYPE, NDJSON);
    Ok(response)
}

async fn place(caller: &Arc<Caller>, index: usize, transfer: BulkTransfer) -> Result<Placed, ApiError> {
    let (asked, key) = transfer.parts();
    let permit = asked.permit(caller).await?;
    let keys = asked.keys(caller).await;
    let (key, fingerprint) = caller.key_within(key, index, &asked.canonical())?;
    let ask = asked.ask(caller, &keys)?;
    caller.place((&permit, keys), (key, fingerprint), vec![ask], orders::transfer)
}

const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// An answer as a line. What is stored is JSON: a transfer, or an object with `error` in it.
fn line(index: usize, answer: Result<(u16, String), ApiError>) -> String {
    let (status, body) = answer.unwrap_or_else(|error| {
        error.log();
        let Rendered { status, body } = orders::declined(&error);
        (status, body)
    });
    if status == 200 {
        format!("{{\"index\":{index},\"status\":\"succeeded\",\"wallet_transfer\":{body}}}\n")
    } else {
        let members = body.strip_prefix('{').unwrap_or(&body);
        format!("{{\"index\":{index},\"status\":\"failed\",{members}\n")
    }
}

/// All transfers, a line each, or why there are none.
fn all_lines(outcome: &Result<Vec<Object>, Declined>) -> Rendered {
    match outcome {
        Ok(objects) => {
            let transfers = objects.iter().filter_map(|object| match object {
                Object::Transfer(transfer, _) => Some(orders::json(&WalletTransfer::from(transfer.clone()))),
                Object::NewHold(_) | Object::Hold(_) => None,
            });
            let lines = transfers.enumerate().map(|(index, body)| line(index, Ok((200, body))));
            Rendered { status: 200, body: lines.collect() }
        }
        Err(Declined { ask, refusal }) => {
            let error = ApiError::from(payments::Error::Refused(*refusal));
            orders::declined(&error.within(&format!("transfers[{ask}]")))
        }
    }
}

impl BulkTransfer {
    fn parts(self) -> (CreateWalletTransferBody, Option<String>) {
        let Self { source, destination, amount, currency, occurred_at, description, metadata, idempotency_key } = self;
        let asked =
            CreateWalletTransferBody { source, destination, amount, currency, occurred_at, description, metadata };
        (asked, idempotency_key)
    }
}
