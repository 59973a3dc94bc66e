//! Rows of published rates. What was published is never changed.

use std::str::FromStr;

use entity::tenant::fx_rate::{ActiveModel, Column, Entity, Model};
use kernel::FxRateId;
use sea_orm::{DbErr, EntityTrait as _};
use sqlx::{Row as _, postgres::PgRow};
use tenancy::TenantTx;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    fx::market::Published,
    page::{self, Order, Page, PageRequest},
};

/// The rates of a day, to be written.
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) effective_on: Date,
    /// JSON.
    pub(super) rates: String,
}

pub(super) async fn insert(tx: &TenantTx, row: ActiveModel) -> Result<(), DbErr> {
    Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

pub(super) async fn find(tx: &TenantTx, id: FxRateId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.as_uuid()).one(tx).await
}

pub(super) async fn list(
    tx: &TenantTx,
    request: &PageRequest<FxRateId>,
    anchor: Option<(Date, Uuid)>,
) -> Result<Page<Model>, DbErr> {
    page::read(tx, Entity::find(), Order { time: Column::EffectiveOn, id: Column::Id }, request, anchor).await
}

/// Writes the days whose newest rates of this base and source are others, and counts them.
pub(super) async fn insert_what_differs(
    tx: &TenantTx,
    base: &'static str,
    source: &'static str,
    rows: Vec<Row>,
    now: OffsetDateTime,
) -> Result<u64, sqlx::Error> {
    let (mut ids, mut dates, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        ids.push(row.id);
        dates.push(row.effective_on);
        rates.push(row.rates);
    }
    tx.with_connection(move |connection| {
        Box::pin(async move {
            let written = sqlx::query(
                "INSERT INTO fx_rate (id, base, effective_on, source, rates, created_at) \
                 SELECT day.id, $1, day.effective_on, $2, day.rates::jsonb, $3 \
                 FROM UNNEST($4::uuid[], $5::date[], $6::text[]) AS day (id, effective_on, rates) \
                 LEFT JOIN LATERAL (SELECT known.rates FROM fx_rate known \
                   WHERE known.base = $1 AND known.effective_on = day.effective_on AND known.source = $2 \
                   ORDER BY known.created_at DESC, known.id DESC LIMIT 1) known ON true \
                 WHERE known.rates IS DISTINCT FROM day.rates::jsonb",
            )
            .bind(base)
            .bind(source)
            .bind(now)
            .bind(&ids)
            .bind(&dates)
            .bind(&rates)
            .execute(connection)
            .await?;
            Ok(written.rows_affected())
        })
    })
    .await
}

/// The newest that each of these bases publishes about its currency, from `oldest` to `today`.
pub(in crate::fx) async fn newest(
    tx: &TenantTx,
    wanted: Vec<(String, String)>,
    oldest: Date,
    today: Date,
) -> Result<Vec<Published>, sqlx::Error> {
    let (bases, currencies): (Vec<String>, Vec<String>) = wanted.into_iter().unzip();
    let rows = tx
        .with_connection(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "SELECT wanted.base, wanted.currency, found.rate, found.effective_on, found.source, found.created_at \
                     FROM UNNEST($1::text[], $2::text[]) AS wanted (base, currency) \
                     CROSS JOIN LATERAL (SELECT f.rates ->> wanted.currency AS rate, f.effective_on, f.source, f.created_at \
                       FROM fx_rate f WHERE f.base = wanted.base AND f.effective_on BETWEEN $3 AND $4 \
                       AND f.rates ->> wanted.currency IS NOT NULL \
                       ORDER BY f.effective_on DESC, f.created_at DESC, f.id DESC LIMIT 1) found",
                )
                .bind(&bases)
                .bind(&currencies)
                .bind(oldest)
                .bind(today)
                .fetch_all(connection)
                .await
            })
        })
        .await?;
    rows.iter().map(published).collect()
}

fn published(row: &PgRow) -> Result<Published, sqlx::Error> {
    Ok(Published {
        base: parsed(row, "base")?,
        currency: parsed(row, "currency")?,
        rate: parsed(row, "rate")?,
        effective_on: row.try_get("effective_on")?,
        source: row.try_get("source")?,
        created_at: row.try_get("created_at")?,
    })
}

fn parsed<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.try_get::<String, _>(column)?.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
