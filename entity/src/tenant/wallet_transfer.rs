//! A movement between two wallets.

use keyring::Sealed;
use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// A movement between two wallets.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "wallet_transfer")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// From.
    pub source_wallet_id: Uuid,
    /// To.
    pub destination_wallet_id: Uuid,
    /// Positive.
    pub amount_minor: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The transfer in the ledger.
    pub ledger_transfer_id: Uuid,
    /// Sealed.
    pub description: Option<Sealed<String>>,
    /// The merchant's own key-value pairs.
    pub metadata: Json,
    /// When it counts; where it is missing, from when the row was made.
    pub occurred_at: Option<OffsetDateTime>,
    /// The transfer it undoes.
    pub reverses: Option<Uuid>,
    /// The hold it was captured from.
    pub hold_id: Option<Uuid>,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
