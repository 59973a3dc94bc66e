//! Events: what has happened, for those who are to hear of it, written in the transaction in which it happens.

use kernel::EventId;
use tenancy::lane::Query;
use time::OffsetDateTime;
use uuid::Uuid;

const WRITE_EVENTS: &str = "\
INSERT INTO event (id, type, object_id, created_at) \
SELECT id, type, object, $4::timestamptz FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS e (id, type, object)";

/// What happened to which object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventDraft {
    /// Such as `wallet_transfer.created`.
    pub kind: &'static str,
    /// The object's identifier.
    pub object: Uuid,
}

/// Events as columns.
#[derive(Debug, Default)]
pub struct EventColumns {
    ids: Vec<Uuid>,
    kinds: Vec<&'static str>,
    objects: Vec<Uuid>,
}

impl EventColumns {
    /// Adds an event.
    pub fn push(&mut self, id: EventId, draft: EventDraft) {
        self.ids.push(id.as_uuid());
        self.kinds.push(draft.kind);
        self.objects.push(draft.object);
    }

    /// The statement; none, where nothing happened.
    pub fn queries(self, now: OffsetDateTime) -> Vec<Query> {
        if self.ids.is_empty() {
            return Vec::new();
        }
        let Self { ids, kinds, objects } = self;
        vec![Query {
            sql: WRITE_EVENTS,
            params: vec![Box::new(ids), Box::new(kinds), Box::new(objects), Box::new(now)],
        }]
    }
}
