//! The member as the API shows it.

use kernel::MemberId;
use payments::member;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::Target;

/// A person of the merchant's staff.
#[derive(Serialize, ToSchema)]
pub struct Member {
    /// Identifier.
    #[schema(value_type = String)]
    id: MemberId,
    /// Always `member`.
    object: &'static str,
    /// Who vouches for him.
    issuer: String,
    /// Whom it vouches for.
    subject: String,
    /// What he may.
    role: String,
    /// When he was added, in Unix seconds.
    created: i64,
}

impl Target for Member {
    fn target(&self) -> String {
        self.id.to_string()
    }
}

impl From<member::Member> for Member {
    fn from(member: member::Member) -> Self {
        Self {
            id: member.id,
            object: "member",
            issuer: member.subject.issuer,
            subject: member.subject.subject,
            role: member.role,
            created: member.created.unix_timestamp(),
        }
    }
}
