//! An account of the environment itself.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
    Uuid,
};

/// An account of the environment itself.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_clearing_account")]
pub struct Model {
    /// What for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub purpose: String,
    /// In which currency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: String,
    /// Which account.
    pub account_id: Uuid,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
