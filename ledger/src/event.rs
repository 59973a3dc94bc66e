//! Events: what has happened, for those who are to hear of it, written in the transaction in which it happens.
//!
//! All that one commit tells of one kind is one row. An event's identifier is its row's, with its place among the row's
//! objects in the last 16 bits.

use kernel::{Clock, Entropy, EventId};
use sqlx::AssertSqlSafe;
use tenancy::{
    TenantTx,
    lane::{Param, Query, in_path},
};
use time::OffsetDateTime;
use uuid::Uuid;

const WRITE_EVENTS: &str = "\
INSERT INTO {schema}.event (id, type, object_ids, created_at) VALUES ($1, $2, $3, $4)";

/// Most events of one row: as many as their places have bits.
const EVENTS_MAX: usize = 1 << 16;
/// The bits of an identifier that are the event's place in its row.
const PLACE: u128 = 0xFFFF;

/// What happened to which object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventDraft {
    /// Such as `wallet_transfer.created`.
    pub kind: &'static str,
    /// The object's identifier.
    pub object: Uuid,
}

/// The events of a commit by kind, in the order in which each kind first occurred.
#[derive(Debug, Default)]
pub struct Events(Vec<(&'static str, Vec<Uuid>)>);

impl Events {
    /// Adds an event.
    pub fn push(&mut self, draft: EventDraft) {
        match self.0.iter_mut().find(|(kind, _)| *kind == draft.kind) {
            Some((_, objects)) => objects.push(draft.object),
            None => self.0.push((draft.kind, vec![draft.object])),
        }
    }

    /// The statements for a lane; none, where nothing happened.
    pub fn queries(self, clock: &dyn Clock, entropy: &dyn Entropy, now: OffsetDateTime) -> Vec<Query> {
        let rows = self.rows(clock, entropy).into_iter();
        rows.map(|(id, kind, objects)| {
            let params: Vec<Param> = vec![Box::new(id), Box::new(kind), Box::new(objects), Box::new(now)];
            Query { sql: WRITE_EVENTS, params }
        })
        .collect()
    }

    /// Writes them in the transaction of what they tell of.
    pub async fn write_in(
        self,
        tx: &TenantTx,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        let rows = self.rows(clock, entropy);
        tx.with_connection(move |connection| {
            Box::pin(async move {
                for (id, kind, objects) in rows {
                    let insert = sqlx::query(AssertSqlSafe(in_path(WRITE_EVENTS)));
                    insert.bind(id).bind(kind).bind(objects).bind(now).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .await
    }

    fn rows(&self, clock: &dyn Clock, entropy: &dyn Entropy) -> Vec<(Uuid, &'static str, Vec<Uuid>)> {
        let parts = self.0.iter().flat_map(|(kind, objects)| objects.chunks(EVENTS_MAX).map(move |part| (*kind, part)));
        let id = || Uuid::from_u128(EventId::generate(clock, entropy).as_uuid().as_u128() & !PLACE);
        parts.map(|(kind, part)| (id(), kind, part.to_vec())).collect()
    }
}
