//! Sends a statement: a short one whole, a long one page by page as fast as the client takes it.
//!
//! Each page is read in a transaction of its own. Should a later page fail, the connection is cut, so that nobody
//! takes a part for the whole.

use std::io;

use axum::{
    body::Body,
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::Response,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::WalletId;
use payments::statement::{self, Movement, Movements, Period, Statement};
use policies::RetrieveWallet;
use tracing::{Instrument as _, Span};

use super::Format;
use crate::{ApiError, call::Reading};

/// A statement that is being sent.
struct Sending {
    reading: Reading<RetrieveWallet>,
    format: Format,
    statement: Statement,
    movements: Movements,
    span: Span,
}

pub(super) async fn send(
    reading: Reading<RetrieveWallet>,
    id: WalletId,
    period: Period,
    format: Format,
) -> Result<Response, ApiError> {
    let (statement, movements, page) = reading
        .unit(move |context, permit| {
            Box::pin(async move {
                let (statement, mut movements) = statement::draw(&context, permit, id, period).await?;
                format.check(&statement)?;
                let page = movements.next_page(&context, permit).await?;
                Ok((statement, movements, page))
            })
        })
        .await?;
    let file = format!("attachment; filename=\"{}.{}\"", statement.id, format.extension());
    let sending = Sending { reading, format, statement, movements, span: Span::current() };
    let mut text = format.head(&sending.statement)?;
    sending.write(&page, true, &mut text)?;
    let body = if sending.movements.is_finished() { Body::from(text) } else { sending.stream(text) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    if format != Format::Json
        && let Ok(file) = HeaderValue::from_str(&file)
    {
        headers.insert(CONTENT_DISPOSITION, file);
    }
    Ok(response)
}

impl Sending {
    /// Adds a page, and the end where it is the last one.
    fn write(&self, page: &[Movement], first_page: bool, text: &mut String) -> Result<(), ApiError> {
        for (index, movement) in page.iter().enumerate() {
            text.push_str(&self.format.movement(&self.statement, movement, first_page && index == 0)?);
        }
        if self.movements.is_finished() {
            text.push_str(&self.format.tail(&self.statement)?);
        }
        Ok(())
    }

    /// The first page, then the others.
    fn stream(self, first: String) -> Body {
        let others = stream::try_unfold(self, |sending| {
            let span = sending.span.clone();
            async move {
                if sending.movements.is_finished() {
                    return Ok(None);
                }
                sending.next().await.map(Some)
            }
            .instrument(span)
        });
        let others = others.map_err(|error| {
            error.log();
            io::Error::other("the statement breaks off")
        });
        Body::from_stream(stream::iter([Ok(first)]).chain(others).map_ok(Bytes::from))
    }

    async fn next(mut self) -> Result<(String, Self), ApiError> {
        let mut movements = self.movements;
        let (movements, page) = self
            .reading
            .unit(move |context, permit| {
                Box::pin(async move {
                    let page = movements.next_page(&context, permit).await?;
                    Ok((movements, page))
                })
            })
            .await?;
        self.movements = movements;
        let mut text = String::new();
        self.write(&page, false, &mut text)?;
        Ok((text, self))
    }
}
