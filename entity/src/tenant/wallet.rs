//! A stored balance.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// A stored balance.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "wallet")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose; null is the merchant's own.
    pub customer_id: Option<Uuid>,
    /// Its ledger account.
    pub account_id: Uuid,
    /// `standard` or `clearing`.
    pub r#type: String,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The merchant's own key-value pairs.
    pub metadata: Json,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
