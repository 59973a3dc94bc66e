//! A buyer or payee; personal fields are sealed.

use keyring::{BlindIndex, Sealed};
use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// A buyer or payee; personal fields are sealed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who vouches for the linked person.
    pub issuer: Option<String>,
    /// The linked person.
    pub subject: Option<String>,
    /// Sealed.
    pub name: Option<Sealed<String>>,
    /// Sealed.
    pub email: Option<Sealed<String>>,
    /// Keyed hash of the normalised email.
    pub email_index: Option<BlindIndex>,
    /// Sealed.
    pub phone: Option<Sealed<String>>,
    /// Sealed.
    pub address: Option<Sealed<Json>>,
    /// Sealed.
    pub tax_id: Option<Sealed<String>>,
    /// The merchant's own key-value pairs.
    pub metadata: Json,
    /// When the row was made.
    pub created_at: OffsetDateTime,
    /// When the row last changed.
    pub updated_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
