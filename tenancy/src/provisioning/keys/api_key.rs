//! New API keys for a tenant; the ones before go on for a while.

use entity::tenant::api_key;
use kernel::{ApiKeyId, Mode, Slug};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::Scope;
use crate::{
    hints::{Hint, HintKind},
    identity::{ApiKeySecret, Locator},
    provisioning::{
        Change, ControlError, ControlPlane, Environment, MEMBER_ROLES, OperationKind, OperationState, Refusal, Reply,
        StaffCall, Tenant, TenantStatus, Written,
        audit::{self, Target},
        operation::{Admission, NewOperation, admit, find_repeat},
        tenant::{enter, lock, wrong_status},
    },
};

/// Longest time that the keys before go on, in seconds: 30 days.
const OVERLAP_SECONDS_MAX: u64 = 30 * 24 * 3600;
const NAME_CHARACTERS_MAX: usize = 100;

/// What keys are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRotationRequest {
    /// Of which environment; both when absent.
    #[serde(default)]
    pub mode: Option<Mode>,
    /// For how long keys of the same name go on.
    #[serde(default = "overlap_seconds")]
    pub overlap_seconds: u64,
    /// What the keys are called. Keys of other names are left alone.
    #[serde(default = "name")]
    pub name: String,
    /// What they may.
    #[serde(default = "role")]
    pub role: String,
    /// Make keys only where there is none of that name.
    #[serde(default)]
    pub only_if_none: bool,
}

fn overlap_seconds() -> u64 {
    24 * 3600
}

fn name() -> String {
    "default".to_owned()
}

fn role() -> String {
    "admin".to_owned()
}

/// A key that was just made.
#[derive(Debug)]
pub struct NewApiKey {
    /// Of which environment.
    pub mode: Mode,
    /// Identifier.
    pub id: ApiKeyId,
    /// The key itself, once; a repeat of the request cannot show it again.
    pub secret: Option<ApiKeySecret>,
    /// Until when the keys before are accepted, if there were any.
    pub expires_previous_at: Option<OffsetDateTime>,
}

/// The keys that were made.
#[derive(Debug)]
pub struct ApiKeyRotation {
    /// One per environment that got one.
    pub keys: Vec<NewApiKey>,
}

impl ApiKeyRotationRequest {
    fn check(&self) -> Result<(), Refusal> {
        if self.overlap_seconds > OVERLAP_SECONDS_MAX {
            let message = format!("The keys before can go on for at most {OVERLAP_SECONDS_MAX} seconds.");
            return Err(Refusal::invalid("overlap_invalid", "overlap_seconds", message));
        }
        let characters = self.name.chars().count();
        if !(1..=NAME_CHARACTERS_MAX).contains(&characters) || self.name.chars().any(char::is_control) {
            let message = "A name has 1 to 100 characters and no control characters.";
            return Err(Refusal::invalid("name_invalid", "name", message));
        }
        if !MEMBER_ROLES.contains(&self.role.as_str()) {
            let message = format!("A key's role is one of {}.", MEMBER_ROLES.join(", "));
            return Err(Refusal::invalid("role_invalid", "role", message));
        }
        Ok(())
    }
}

impl ControlPlane {
    /// Makes new API keys and lets those of the same name expire.
    pub async fn rotate_api_keys(
        &self,
        call: &StaffCall,
        slug: &Slug,
        request: &ApiKeyRotationRequest,
    ) -> Result<Reply<ApiKeyRotation>, ControlError> {
        call.check()?;
        request.check().map_err(|refusal| refusal.about(slug.as_str()))?;
        let mut new = NewOperation {
            kind: OperationKind::ApiKeysRotate,
            target: slug.as_str(),
            parameters: json!({ "rotation": request }),
            steps_total: None,
            state: OperationState::Succeeded,
            result: None,
        };
        let tx = self.begin().await?;
        let tenant = lock(&tx, slug).await?;
        if let Some(operation) = find_repeat(&tx, call, &new).await? {
            let object = recorded(operation.result)?;
            return Ok(Reply::Written(Written::unchanged(object, Some(operation.id))));
        }
        if !matches!(tenant.status, TenantStatus::Active | TenantStatus::Suspended) {
            return Err(wrong_status(&tenant).into());
        }
        let rotation = self.make_keys(&tx, &tenant, request).await?;
        if call.dry_run {
            let changes = rotation.keys.iter().map(|key| {
                Change::of("create", slug.as_str()).field("api_key", serde_json::Value::Null, key.mode.as_str())
            });
            return Ok(Reply::Planned(changes.collect()));
        }
        if rotation.keys.is_empty() {
            return Ok(Reply::Written(Written::unchanged(rotation, None)));
        }
        new.result = Some(record(&rotation));
        let Admission::Fresh(operation) = admit(self, &tx, call, &new).await? else {
            return Err(Refusal::idempotency().into());
        };
        audit::succeeded(self, &tx, call, new.kind.audited_as(), Target::Tenant(slug)).await?;
        tx.commit().await?;
        for key in &rotation.keys {
            if let Some(environment) = tenant.environment(key.mode) {
                self.hints().publish(&Hint::environment(HintKind::Member, environment.id)).await;
            }
        }
        Ok(Reply::Written(Written { changed: true, action: "rotated", object: rotation, operation: Some(operation) }))
    }

    async fn make_keys(
        &self,
        tx: &DatabaseTransaction,
        tenant: &Tenant,
        request: &ApiKeyRotationRequest,
    ) -> Result<ApiKeyRotation, ControlError> {
        let mut keys = Vec::new();
        for environment in (Scope { mode: request.mode }).environments(tenant) {
            enter(tx, &environment.schema).await?;
            keys.extend(self.make_key(tx, environment, request).await?);
        }
        sea_orm::ConnectionTrait::execute_unprepared(tx, "SET LOCAL search_path TO pg_catalog").await?;
        Ok(ApiKeyRotation { keys })
    }

    async fn make_key(
        &self,
        tx: &DatabaseTransaction,
        environment: &Environment,
        request: &ApiKeyRotationRequest,
    ) -> Result<Option<NewApiKey>, ControlError> {
        let now = self.clock().now();
        let valid = Condition::any().add(api_key::Column::ExpiresAt.is_null()).add(api_key::Column::ExpiresAt.gt(now));
        let of_the_name = api_key::Entity::find().filter(api_key::Column::Name.eq(&request.name)).filter(valid);
        let known = of_the_name.count(tx).await?;
        if known > 0 && request.only_if_none {
            return Ok(None);
        }
        let overlap = i64::try_from(request.overlap_seconds).unwrap_or(i64::MAX);
        let expires_previous_at = now.saturating_add(Duration::seconds(overlap));
        let later = Condition::any()
            .add(api_key::Column::ExpiresAt.is_null())
            .add(api_key::Column::ExpiresAt.gt(expires_previous_at));
        api_key::Entity::update_many()
            .col_expr(api_key::Column::ExpiresAt, sea_orm::sea_query::Expr::value(expires_previous_at))
            .filter(api_key::Column::Name.eq(&request.name))
            .filter(later)
            .exec(tx)
            .await?;
        let locator: Locator = environment
            .locator
            .parse()
            .map_err(|_| ControlError::Corrupt { table: "platform.environment", what: "locator" })?;
        let secret = ApiKeySecret::generate(environment.mode, &locator, self.entropy().as_ref());
        let id = ApiKeyId::generate(self.clock().as_ref(), self.entropy().as_ref());
        let row = api_key::ActiveModel {
            id: Set(id.as_uuid()),
            hash: Set(secret.hash().to_vec()),
            name: Set(request.name.clone()),
            role: Set(request.role.clone()),
            last4: Set(secret.last4().to_owned()),
            created_at: Set(now),
            expires_at: Set(None),
        };
        api_key::Entity::insert(row).exec_without_returning(tx).await?;
        let expires_previous_at = (known > 0).then_some(expires_previous_at);
        Ok(Some(NewApiKey { mode: environment.mode, id, secret: Some(secret), expires_previous_at }))
    }
}

/// What the operation keeps: everything but the secrets.
fn record(rotation: &ApiKeyRotation) -> serde_json::Value {
    let keys: Vec<_> = rotation
        .keys
        .iter()
        .map(|key| Recorded { mode: key.mode, id: key.id, expires_previous_at: key.expires_previous_at })
        .collect();
    json!({ "keys": keys })
}

#[derive(Serialize, Deserialize)]
struct Recorded {
    mode: Mode,
    id: ApiKeyId,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_previous_at: Option<OffsetDateTime>,
}

fn recorded(result: Option<serde_json::Value>) -> Result<ApiKeyRotation, ControlError> {
    let keys: Option<Vec<Recorded>> = result
        .and_then(|mut result| result.get_mut("keys").map(serde_json::Value::take))
        .and_then(|keys| serde_json::from_value(keys).ok());
    let keys = keys.ok_or(ControlError::Corrupt { table: "platform.operation", what: "result" })?;
    let keys = keys.into_iter().map(|Recorded { mode, id, expires_previous_at }| NewApiKey {
        mode,
        id,
        secret: None,
        expires_previous_at,
    });
    Ok(ApiKeyRotation { keys: keys.collect() })
}
