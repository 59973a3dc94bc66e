//! A tenant's live or test side.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
    Uuid,
};
use time::OffsetDateTime;

/// A tenant's live or test side.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "environment")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose.
    pub tenant_id: Uuid,
    /// `live` or `test`.
    pub mode: String,
    /// Where it is placed.
    pub cell_id: String,
    /// The part of an API key that finds it.
    pub locator: String,
    /// Name of its schema and of its role.
    pub schema_name: String,
    /// How far provisioning has come.
    pub state: String,
    /// Newest migration applied.
    pub schema_version: Option<String>,
    /// Kind of its KMS.
    pub key_provider: Option<String>,
    /// Its key there.
    pub key_reference: Option<String>,
    /// `enabled`, `disabled`, `pending_destruction` or `destroyed`.
    pub key_state: Option<String>,
    /// When the row was made.
    pub created_at: OffsetDateTime,
    /// When the row last changed.
    pub updated_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
