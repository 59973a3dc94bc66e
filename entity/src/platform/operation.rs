//! A long job of the control plane.

use sea_orm::entity::prelude::{
    ActiveModelBehavior, DeriveEntityModel, DerivePrimaryKey, DeriveRelation, EntityTrait, EnumIter, Json,
    PrimaryKeyTrait, Uuid,
};
use time::OffsetDateTime;

/// A long job of the control plane.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "operation")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What it does, such as `tenant.create`.
    pub kind: String,
    /// To what.
    pub target: String,
    /// Idempotency key of the request.
    pub request_key: String,
    /// Hash of the request.
    pub fingerprint: Vec<u8>,
    /// Its input.
    pub parameters: Json,
    /// `pending`, `running`, `succeeded`, `failed`, `partial` or `cancelled`.
    pub state: String,
    /// What was answered; never a secret.
    pub result: Option<Json>,
    /// Why it failed.
    pub error: Option<Json>,
    /// Who asked.
    pub actor: String,
    /// Why he asked.
    pub reason: Option<String>,
    /// From which machine.
    pub host: Option<String>,
    /// Of which request.
    pub request_id: String,
    /// Who works on it.
    pub lease_owner: Option<String>,
    /// Until when.
    pub lease_expires_at: Option<OffsetDateTime>,
    /// How many steps there are to do, once that is known.
    pub steps_total: Option<i32>,
    /// When the row was made.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
}

/// No relations: rows are joined by hand where needed.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
