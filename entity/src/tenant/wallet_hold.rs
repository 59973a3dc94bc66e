//! What the merchant says of a hold.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// What the merchant says of a hold; the hold itself is the ledger's, under the same id.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "wallet_hold")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose money is kept back.
    pub source_wallet_id: Uuid,
    /// Who gets what is captured.
    pub destination_wallet_id: Uuid,
    /// The merchant's own key-value pairs.
    pub metadata: Json,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
