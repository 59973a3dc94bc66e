//! Which customer is the actor's own, and what that lets him see.

use std::collections::HashMap;

use entity::tenant::customer;
use kernel::CustomerId;
use policies::Reach;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use tenancy::{Actor, TenantTx, actor::Subject};
use uuid::Uuid;

use crate::{Context, Failure};

/// Whose objects are visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visible {
    /// All of the environment.
    All,
    /// Those of one customer; of nobody, where the actor is no customer.
    Of(Option<CustomerId>),
}

/// Why a new object cannot be whose it was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotOwner {
    /// The actor may act for himself only, and is no customer yet.
    NoCustomer,
    /// The actor may act for himself only, and named another.
    AnotherCustomer,
}

impl Visible {
    /// Whose a new object becomes: whoever sees all says so, anybody else gets it himself.
    pub(crate) fn owner_of_new(self, asked: Option<CustomerId>) -> Result<Option<CustomerId>, NotOwner> {
        match (self, asked) {
            (Self::All, asked) => Ok(asked),
            (Self::Of(None), _) => Err(NotOwner::NoCustomer),
            (Self::Of(own), None) => Ok(own),
            (Self::Of(own), asked) if own == asked => Ok(own),
            (Self::Of(_), Some(_)) => Err(NotOwner::AnotherCustomer),
        }
    }

    /// What a permit of this reach shows to the actor.
    pub(crate) async fn within(context: &Context<'_>, reach: Reach) -> Result<Self, Failure> {
        match reach {
            Reach::All => Ok(Self::All),
            Reach::Own => Ok(Self::Of(own_customer(context.tx, context.actor).await?)),
        }
    }

    /// Whether an object of this customer, or of the merchant himself, is visible.
    pub(crate) fn admits(self, customer: Option<CustomerId>) -> bool {
        match self {
            Self::All => true,
            Self::Of(own) => own.is_some() && own == customer,
        }
    }
}

/// The customers linked to these persons; who is no customer is missing from the answer.
pub(crate) async fn customers_of(
    tx: &TenantTx,
    subjects: impl Iterator<Item = &Subject>,
) -> Result<HashMap<Subject, CustomerId>, Failure> {
    let (issuers, subjects): (Vec<String>, Vec<String>) =
        subjects.map(|subject| (subject.issuer.clone(), subject.subject.clone())).unzip();
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String, String)> = tx
        .with_connection(move |connection| {
            Box::pin(async move {
                sqlx::query_as(
                    "SELECT id, issuer, subject FROM customer WHERE (issuer, subject) IN \
                     (SELECT issuer, subject FROM unnest($1::text[], $2::text[]) AS s (issuer, subject))",
                )
                .bind(issuers)
                .bind(subjects)
                .fetch_all(connection)
                .await
            })
        })
        .await?;
    let known = |(id, issuer, subject)| (Subject { issuer, subject }, CustomerId::from_uuid(id));
    Ok(rows.into_iter().map(known).collect())
}

/// The customer linked to the person behind the actor's token.
async fn own_customer(tx: &TenantTx, actor: &Actor) -> Result<Option<CustomerId>, DbErr> {
    let Some(subject) = actor.subject() else { return Ok(None) };
    let id: Option<Uuid> = customer::Entity::find()
        .select_only()
        .column(customer::Column::Id)
        .filter(customer::Column::Issuer.eq(&subject.issuer))
        .filter(customer::Column::Subject.eq(&subject.subject))
        .into_tuple()
        .one(tx)
        .await?;
    Ok(id.map(CustomerId::from_uuid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_without_a_customer_sees_nothing_not_even_the_merchants_own() {
        let [mine, other] = [1, 2].map(|number| CustomerId::from_uuid(Uuid::from_u128(number)));
        assert!(Visible::All.admits(None) && Visible::All.admits(Some(mine)));
        assert!(Visible::Of(Some(mine)).admits(Some(mine)));
        assert!(!Visible::Of(Some(mine)).admits(Some(other)));
        assert!(!Visible::Of(Some(mine)).admits(None));
        assert!(!Visible::Of(None).admits(None), "no customer is nobody's customer");
        assert!(!Visible::Of(None).admits(Some(mine)));
    }
}
