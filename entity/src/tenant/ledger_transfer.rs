//! Money from one account to another.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
    Uuid,
};
use time::OffsetDateTime;

/// Money from one account to another.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_transfer")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Decreases.
    pub debit_account_id: Uuid,
    /// Increases.
    pub credit_account_id: Uuid,
    /// Positive.
    pub amount_minor: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
