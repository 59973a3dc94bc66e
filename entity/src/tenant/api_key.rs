//! A secret key of this environment.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
    Uuid,
};
use time::OffsetDateTime;

/// A secret key of this environment.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// SHA-256 of the whole key.
    pub hash: Vec<u8>,
    /// For people.
    pub name: String,
    /// What it may.
    pub role: String,
    /// Its last four characters.
    pub last4: String,
    /// When the row was made.
    pub created_at: OffsetDateTime,
    /// Until when it is accepted.
    pub expires_at: Option<OffsetDateTime>,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
