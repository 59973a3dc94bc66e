//! Money that was converted from one currency to another.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// Money that was converted from one currency to another.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "fx_conversion")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The quote it used up.
    pub quote_id: Uuid,
    /// Whose money it was; null is the merchant's own.
    pub customer_id: Option<Uuid>,
    /// From.
    pub source_wallet_id: Uuid,
    /// To.
    pub destination_wallet_id: Uuid,
    /// Positive.
    pub source_amount_minor: i64,
    /// ISO 4217, lower case.
    pub source_currency: String,
    /// Positive.
    pub destination_amount_minor: i64,
    /// ISO 4217, lower case.
    pub destination_currency: String,
    /// What the merchant earned, in the destination's currency.
    pub spread_minor: i64,
    /// Decimal text.
    #[sea_orm(column_type = "Decimal(None)", select_as = "text", save_as = "numeric")]
    pub exchange_rate: String,
    /// Decimal text.
    #[sea_orm(column_type = "Decimal(None)", select_as = "text", save_as = "numeric")]
    pub base_rate: String,
    /// The first leg in the ledger.
    pub source_transfer_id: Uuid,
    /// The second leg in the ledger.
    pub destination_transfer_id: Uuid,
    /// The revenue in the ledger, where there is some.
    pub spread_transfer_id: Option<Uuid>,
    /// The merchant's own key-value pairs.
    pub metadata: Json,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
