//! A registered token issuer.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, PrimaryKeyTrait,
    Uuid,
};
use time::OffsetDateTime;

/// A registered token issuer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "issuer")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The `iss` of its tokens, exactly.
    pub url: String,
    /// Whether several tenants may use it.
    pub shared: bool,
    /// The `aud` that means live.
    pub audience_live: String,
    /// The `aud` that means test.
    pub audience_test: String,
    /// The claim that names the tenant by slug.
    pub tenant_claim: String,
    /// Allowed signature algorithms, such as `RS256`.
    pub algorithms: Vec<String>,
    /// When the row was made.
    pub created_at: OffsetDateTime,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
