//! The stored answer to a keyed request.

use keyring::Sealed;
use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
};
use time::OffsetDateTime;

/// The stored answer to a keyed request.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_record")]
pub struct Model {
    /// The idempotency key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Hash of the request.
    pub fingerprint: Vec<u8>,
    /// HTTP status of the answer; null while it runs.
    pub status: Option<i16>,
    /// The answer, where it repeats nothing sealed.
    pub body: Option<String>,
    /// The answer, sealed.
    pub sealed_body: Option<Sealed<String>>,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
