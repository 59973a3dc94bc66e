//! A merchant organisation.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// A merchant organisation.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "tenant")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Short name.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// Commercial plan.
    pub plan: String,
    /// `provisioning`, `active`, `suspended` or `offboarded`.
    pub status: String,
    /// Who vouches for its people.
    pub issuer_id: Uuid,
    /// The specification as asked for.
    pub spec: Json,
    /// Grows with every change.
    pub revision: i64,
    /// When the row was made.
    pub created_at: OffsetDateTime,
    /// When the row last changed.
    pub updated_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
