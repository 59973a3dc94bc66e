//! Gives a person of the merchant's staff a role.

use entity::tenant::member::ActiveModel;
use kernel::MemberId;
use policies::{CreateMember, Permit, PolicySnapshot};
use sea_orm::ActiveValue::Set;
use tenancy::actor::Subject;

use super::{Member, Refusal, store};
use crate::{Context, Error, field, role};

/// Most members of an environment.
const MEMBERS_MAX: u64 = 1_000;

/// A person to make a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDraft {
    /// The person; never an e-mail address.
    pub subject: Subject,
    /// What he may.
    pub role: String,
}

/// Makes a person a member. Nobody gives a role wider than his own.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateMember>,
    snapshot: &PolicySnapshot,
    draft: MemberDraft,
) -> Result<Member, Error<Refusal>> {
    context.reach_all(permit)?;
    let subject = field::subject(["issuer", "subject"], draft.subject).map_err(Refusal::Invalid)?;
    role::may_give(context.tx, snapshot, &permit.subject(), &draft.role)
        .await
        .map_err(|error| error.map_refusal(Refusal::Grant))?;
    if store::count(context.tx).await? >= MEMBERS_MAX {
        return Err(Refusal::LimitReached.into());
    }

    let id = MemberId::generate(context.clock, context.entropy);
    let now = context.now();
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        issuer: Set(subject.issuer.clone()),
        subject: Set(subject.subject.clone()),
        role: Set(draft.role.clone()),
        created_at: Set(now),
        updated_at: Set(now),
    };
    if !store::insert(context.tx, row).await? {
        return Err(Refusal::MemberExists.into());
    }
    Ok(Member { id, subject, role: draft.role, created: now, updated: now })
}
