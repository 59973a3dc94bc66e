//! A quote that locks rates.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// A quote that locks rates.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "fx_quote")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// For whom; null is the merchant.
    pub customer_id: Option<Uuid>,
    /// ISO 4217, lower case.
    pub to_currency: String,
    /// `none`, `five_minutes`, `hour` or `day`.
    pub lock_duration: String,
    /// Until when the rates are good.
    pub lock_expires_at: Option<OffsetDateTime>,
    /// What the merchant earns.
    pub spread_basis_points: i32,
    /// By source currency.
    pub rates: Json,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
