//! The merchant's staff: which person of the tenant's provider has which role in this environment.

mod create;
mod delete;
mod list;
mod refusal;
mod store;
mod update;

use entity::tenant::member::Model;
use kernel::MemberId;
use tenancy::actor::Subject;
use time::OffsetDateTime;

pub use create::{MemberDraft, create};
pub use delete::delete;
pub use list::list;
pub use refusal::Refusal;
pub use update::update;

/// A person of the merchant's staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Identifier.
    pub id: MemberId,
    /// The person.
    pub subject: Subject,
    /// What he may.
    pub role: String,
    /// When he became one.
    pub created: OffsetDateTime,
    /// When his role last changed.
    pub updated: OffsetDateTime,
}

fn view(row: Model) -> Member {
    Member {
        id: MemberId::from_uuid(row.id),
        subject: Subject { issuer: row.issuer, subject: row.subject },
        role: row.role,
        created: row.created_at,
        updated: row.updated_at,
    }
}
