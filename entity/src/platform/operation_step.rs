//! One finished step of an operation.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
    Uuid,
};
use time::OffsetDateTime;

/// One finished step of an operation.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "operation_step")]
pub struct Model {
    /// Which operation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation_id: Uuid,
    /// Order within it.
    #[sea_orm(primary_key)]
    pub sequence: i64,
    /// What was done.
    pub name: String,
    /// To which environment.
    pub environment_id: Option<Uuid>,
    /// Of which tenant.
    pub tenant_slug: Option<String>,
    /// `done`, `unchanged` or `failed`.
    pub outcome: String,
    /// More for a person.
    pub detail: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
    /// When it ended.
    pub finished_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
