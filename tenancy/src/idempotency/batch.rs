//! Keys of a batch: looked up together, stored together with their answers.

use keyring::Sealed;
use time::OffsetDateTime;
use tokio_postgres::Row;

use super::{Answer, AnswerBody, Fingerprint, IdempotencyKey, first_bytes};
use crate::lane::Query;

/// Asks for the records of keys, an array of text.
pub const RECORDS: &str = "\
SELECT key, fingerprint, status, body, sealed_body FROM {schema}.idempotency_record WHERE key = ANY($1::text[])";
/// Keys in order, so that two batches never wait for each other's in a circle.
const WRITE_RECORDS: &str = "\
INSERT INTO {schema}.idempotency_record (key, fingerprint, status, body, sealed_body, created_at) \
SELECT key, fingerprint, status, body, sealed_body, $6::timestamptz \
FROM unnest($1::text[], $2::bytea[], $3::smallint[], $4::text[], $5::bytea[]) \
AS r (key, fingerprint, status, body, sealed_body) ORDER BY key";

/// A key that was used before.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The key.
    pub key: String,
    /// Of which request.
    pub fingerprint: Fingerprint,
    /// What was answered; `None` while nothing was.
    pub answer: Option<Answer>,
}

/// Reads a row of [`RECORDS`].
pub fn record(row: &Row) -> Result<Record, tokio_postgres::Error> {
    let fingerprint: Vec<u8> = row.try_get("fingerprint")?;
    let status: Option<i16> = row.try_get("status")?;
    let plain: Option<String> = row.try_get("body")?;
    let sealed: Option<Vec<u8>> = row.try_get("sealed_body")?;
    let body = plain.map(AnswerBody::Plain).or(sealed.map(|bytes| AnswerBody::Sealed(Sealed::from_stored(bytes))));
    let answer = status.and_then(|status| u16::try_from(status).ok()).zip(body);
    Ok(Record {
        key: row.try_get("key")?,
        fingerprint: Fingerprint(first_bytes(&fingerprint)),
        answer: answer.map(|(status, body)| Answer { status, body }),
    })
}

/// Records as columns.
#[derive(Debug, Default)]
pub struct RecordColumns {
    keys: Vec<String>,
    fingerprints: Vec<Vec<u8>>,
    statuses: Vec<i16>,
    bodies: Vec<Option<String>>,
    sealed_bodies: Vec<Option<Vec<u8>>>,
}

impl RecordColumns {
    /// Adds a key with its answer.
    pub fn push(&mut self, key: &IdempotencyKey, fingerprint: &Fingerprint, answer: Answer) {
        let (plain, sealed) = match answer.body {
            AnswerBody::Plain(body) => (Some(body), None),
            AnswerBody::Sealed(body) => (None, Some(body.as_bytes().to_vec())),
        };
        self.keys.push(key.0.clone());
        self.fingerprints.push(fingerprint.0.to_vec());
        self.statuses.push(i16::try_from(answer.status).unwrap_or(i16::MAX));
        self.bodies.push(plain);
        self.sealed_bodies.push(sealed);
    }

    /// The statement; none, where there are no keys.
    pub fn queries(self, now: OffsetDateTime) -> Vec<Query> {
        if self.keys.is_empty() {
            return Vec::new();
        }
        let Self { keys, fingerprints, statuses, bodies, sealed_bodies } = self;
        let params: Vec<crate::lane::Param> = vec![
            Box::new(keys),
            Box::new(fingerprints),
            Box::new(statuses),
            Box::new(bodies),
            Box::new(sealed_bodies),
            Box::new(now),
        ];
        vec![Query { sql: WRITE_RECORDS, params }]
    }
}
