//! Idempotency keys: claimed first, answered last, both in the transaction that has the effect.
//!
//! Two requests with one key are told apart by an advisory lock of the transaction, so the second
//! never waits for the first: it is told that the first is still running.

mod batch;

use aws_lc_rs::digest;
use keyring::{Place, Sealed};
use sqlx::{Row as _, postgres::PgRow};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

pub use batch::{RECORDS, Record, RecordColumns, record};

use crate::{Environment, TenantTx};

/// Longest key, in bytes.
pub const KEY_LENGTH_MAX: usize = 255;

/// What the keys of jobs have and those of clients cannot: they are ASCII.
const JOB_MARK: char = '\u{b7}';

/// A client's key: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// The text is no key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("an idempotency key has 1 to 255 printable ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// Checks length and characters.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if (1..=KEY_LENGTH_MAX).contains(&text.len()) && printable {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The key of something a job of the platform does. It has a character that clients cannot send, so that none of
    /// theirs stands in its way.
    pub fn of_job(job: &'static str, what: &impl std::fmt::Display) -> Self {
        Self(format!("{job}{JOB_MARK}{what}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the answer to this key is sealed. The row's own key is text, so its hash stands for it.
    pub fn place(&self) -> Place {
        let row = Uuid::from_bytes(first_bytes(digest::digest(&digest::SHA256, self.0.as_bytes()).as_ref()));
        Place { table: "idempotency_record", column: "sealed_body", row }
    }

    /// What the advisory lock is taken on: 64 bits of a hash over environment and key.
    fn lock_number(&self, environment: &Environment) -> i64 {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(environment.id.as_uuid().as_bytes());
        context.update(self.0.as_bytes());
        i64::from_be_bytes(first_bytes(context.finish().as_ref()))
    }
}

fn first_bytes<const N: usize>(hash: &[u8]) -> [u8; N] {
    let mut bytes = [0_u8; N];
    for (to, from) in bytes.iter_mut().zip(hash) {
        *to = *from;
    }
    bytes
}

/// SHA-256 over method, path and canonical parameters: what makes two requests the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; digest::SHA256_OUTPUT_LEN]);

impl Fingerprint {
    /// Hashes the parts, each with its length in front so that no two lists of parts look alike.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        Self(first_bytes(context.finish().as_ref()))
    }
}

/// A stored answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body, byte for byte.
    pub body: AnswerBody,
}

/// A stored body. What repeats personal data or a secret is sealed like the fields it came from.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerBody {
    /// Ids, amounts and codes.
    Plain(String),
    /// Sealed at [`IdempotencyKey::place`].
    Sealed(Sealed<String>),
}

/// What a key turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// New: run the request and [`store`] its answer before committing.
    Fresh,
    /// Answered before with this.
    Replay(Answer),
    /// Used before for another request.
    OtherRequest,
    /// The first request still runs.
    InProgress,
}

/// Claims the key for this transaction.
pub async fn claim(
    tx: &TenantTx,
    key: &IdempotencyKey,
    fingerprint: &Fingerprint,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let lock = key.lock_number(tx.environment());
    let (key, fingerprint) = (key.0.clone(), fingerprint.0);
    tx.with_connection(move |connection| {
        Box::pin(async move {
            let inserted = sqlx::query(
                "WITH guard AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($1) AS held) \
                 INSERT INTO idempotency_record (key, fingerprint, created_at) SELECT $2, $3, $4 FROM guard WHERE held \
                 ON CONFLICT (key) DO NOTHING",
            )
            .bind(lock)
            .bind(&key)
            .bind(fingerprint.as_slice())
            .bind(now)
            .execute(&mut *connection)
            .await?;
            if inserted.rows_affected() == 1 {
                return Ok(Claim::Fresh);
            }
            // A later statement has a later snapshot: what was committed meanwhile is seen.
            let row =
                sqlx::query("SELECT fingerprint, status, body, sealed_body FROM idempotency_record WHERE key = $1")
                    .bind(&key)
                    .fetch_optional(&mut *connection)
                    .await?;
            row.map_or(Ok(Claim::InProgress), |row| {
                if row.try_get::<Vec<u8>, _>("fingerprint")? != fingerprint {
                    return Ok(Claim::OtherRequest);
                }
                Ok(answer_of(&row)?.map_or(Claim::InProgress, Claim::Replay))
            })
        })
    })
    .await
}

fn answer_of(row: &PgRow) -> Result<Option<Answer>, sqlx::Error> {
    let status: Option<i16> = row.try_get("status")?;
    let plain: Option<String> = row.try_get("body")?;
    let sealed: Option<Vec<u8>> = row.try_get("sealed_body")?;
    let body = plain.map(AnswerBody::Plain).or(sealed.map(|bytes| AnswerBody::Sealed(Sealed::from_stored(bytes))));
    Ok(status.and_then(|status| u16::try_from(status).ok()).zip(body).map(|(status, body)| Answer { status, body }))
}

/// Stores the answer to a key claimed in this transaction.
pub async fn store(tx: &TenantTx, key: &IdempotencyKey, answer: &Answer) -> Result<(), sqlx::Error> {
    let key = key.0.clone();
    let status = i16::try_from(answer.status).unwrap_or(i16::MAX);
    let (plain, sealed) = match &answer.body {
        AnswerBody::Plain(body) => (Some(body.clone()), None),
        AnswerBody::Sealed(body) => (None, Some(body.as_bytes().to_vec())),
    };
    tx.with_connection(move |connection| {
        Box::pin(async move {
            sqlx::query("UPDATE idempotency_record SET status = $2, body = $3, sealed_body = $4 WHERE key = $1")
                .bind(key)
                .bind(status)
                .bind(plain)
                .bind(sealed)
                .execute(connection)
                .await
                .map(|_| ())
        })
    })
    .await
}

/// Waits until no transaction holds the key any more, then reads it: how an unknown commit is resolved.
pub async fn resolve(tx: &TenantTx, key: &IdempotencyKey) -> Result<Option<Answer>, sqlx::Error> {
    let lock = key.lock_number(tx.environment());
    let key = key.0.clone();
    tx.with_connection(move |connection| {
        Box::pin(async move {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(lock).execute(&mut *connection).await?;
            let row = sqlx::query("SELECT status, body, sealed_body FROM idempotency_record WHERE key = $1")
                .bind(key)
                .fetch_optional(connection)
                .await?;
            row.map_or(Ok(None), |row| answer_of(&row))
        })
    })
    .await
}
