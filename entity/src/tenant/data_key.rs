//! A wrapped data key.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
    Uuid,
};
use time::OffsetDateTime;

/// A wrapped data key.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "data_key")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `fields` or `index`.
    pub purpose: String,
    /// The key under the KMS key.
    pub wrapped: Vec<u8>,
    /// Kind of KMS.
    pub key_provider: String,
    /// The KMS key.
    pub key_reference: String,
    /// When the row was made.
    pub created_at: OffsetDateTime,
    /// Since when it seals nothing new.
    pub retired_at: Option<OffsetDateTime>,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
