//! Rows of roles, rules and the revision, reached through a [`TenantTx`] only.

use entity::tenant::{api_key, member, policy_revision, role, role_rule};
use kernel::RuleId;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, LockType, OnConflict},
};
use tenancy::TenantTx;
use time::OffsetDateTime;

use super::rule::CheckedRule;
use crate::snapshot::{PolicyRows, ROLES_MAX, RULES_PER_ROLE_MAX, RuleRow};

/// How often the policies of this environment have changed.
pub(crate) async fn read_revision(tx: &TenantTx) -> Result<i64, DbErr> {
    let row = policy_revision::Entity::find().one(tx).await?;
    row.map(|row| row.revision).ok_or_else(no_revision)
}

/// All rows a snapshot is made of. The revision is read first, so it is never newer than the rows;
/// one row more than allowed is read, so that too many are noticed and not cut off.
pub(crate) async fn read_rows(tx: &TenantTx) -> Result<PolicyRows, DbErr> {
    let revision = read_revision(tx).await?;
    let roles = roles(tx, ROLES_MAX + 1).await?;
    let rules = role_rule::Entity::find()
        .order_by_asc(role_rule::Column::Id)
        .limit(limit(ROLES_MAX * RULES_PER_ROLE_MAX + 1))
        .all(tx)
        .await?;
    Ok(PolicyRows {
        revision,
        roles: roles.into_iter().map(|role| role.name).collect(),
        rules: rules.into_iter().map(rule_row).collect(),
    })
}

fn rule_row(row: role_rule::Model) -> RuleRow {
    let role_rule::Model { id, role, object, action, conditions, .. } = row;
    RuleRow { id: RuleId::from_uuid(id), role, object, action, conditions }
}

/// Makes role writers of this environment wait for each other; writes nothing itself.
pub(super) async fn lock_revision(tx: &TenantTx) -> Result<(), DbErr> {
    policy_revision::Entity::find().lock_exclusive().one(tx).await?.map(|_| ()).ok_or_else(no_revision)
}

/// Tells every process that its snapshot is old.
pub(super) async fn raise_revision(tx: &TenantTx) -> Result<(), DbErr> {
    let raised = policy_revision::Entity::update_many()
        .col_expr(policy_revision::Column::Revision, Expr::col(policy_revision::Column::Revision).add(1))
        .exec(tx)
        .await?;
    if raised.rows_affected == 1 { Ok(()) } else { Err(no_revision()) }
}

fn no_revision() -> DbErr {
    DbErr::RecordNotFound("policy_revision has no row".to_owned())
}

pub(super) async fn roles(tx: &TenantTx, most: usize) -> Result<Vec<role::Model>, DbErr> {
    role::Entity::find().order_by_asc(role::Column::Name).limit(limit(most)).all(tx).await
}

pub(super) async fn find_role(tx: &TenantTx, name: &str) -> Result<Option<role::Model>, DbErr> {
    role::Entity::find_by_id(name).one(tx).await
}

pub(super) async fn lock_role(tx: &TenantTx, name: &str) -> Result<Option<role::Model>, DbErr> {
    role::Entity::find_by_id(name).lock_exclusive().one(tx).await
}

/// Keeps the role from being removed until the transaction ends.
pub(super) async fn hold_role(tx: &TenantTx, name: &str) -> Result<Option<role::Model>, DbErr> {
    role::Entity::find_by_id(name).lock(LockType::KeyShare).one(tx).await
}

pub(super) async fn count_roles(tx: &TenantTx) -> Result<u64, DbErr> {
    role::Entity::find().count(tx).await
}

/// Whether the row was made; `false` if the name is taken.
pub(super) async fn insert_role(tx: &TenantTx, row: role::Model) -> Result<bool, DbErr> {
    let nothing = OnConflict::column(role::Column::Name).do_nothing().to_owned();
    let made =
        role::Entity::insert(role::ActiveModel::from(row)).on_conflict(nothing).exec_without_returning(tx).await?;
    Ok(made == 1)
}

pub(super) async fn update_role(
    tx: &TenantTx,
    name: &str,
    description: &str,
    updated_at: OffsetDateTime,
) -> Result<(), DbErr> {
    role::Entity::update_many()
        .col_expr(role::Column::Description, Expr::value(description))
        .col_expr(role::Column::UpdatedAt, Expr::value(updated_at))
        .filter(role::Column::Name.eq(name))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes the role; its rules go with it.
pub(super) async fn delete_role(tx: &TenantTx, name: &str) -> Result<(), DbErr> {
    role::Entity::delete_by_id(name).exec(tx).await?;
    Ok(())
}

/// The rules of one role, or of all.
pub(super) async fn rules(tx: &TenantTx, role: Option<&str>) -> Result<Vec<RuleRow>, DbErr> {
    let mut query = role_rule::Entity::find();
    if let Some(role) = role {
        query = query.filter(role_rule::Column::Role.eq(role));
    }
    let rows = query
        .order_by_asc(role_rule::Column::Object)
        .order_by_asc(role_rule::Column::Action)
        .order_by_asc(role_rule::Column::Id)
        .limit(limit(ROLES_MAX * RULES_PER_ROLE_MAX))
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(rule_row).collect())
}

pub(super) async fn insert_rules(
    tx: &TenantTx,
    role: &str,
    rules: &[(RuleId, &CheckedRule)],
    created_at: OffsetDateTime,
) -> Result<(), DbErr> {
    if rules.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(rules.len());
    for (id, rule) in rules {
        let conditions = serde_json::to_value(&rule.conditions).map_err(|error| DbErr::Json(error.to_string()))?;
        rows.push(role_rule::ActiveModel {
            id: Set(id.as_uuid()),
            role: Set(role.to_owned()),
            object: Set(rule.action.object.to_owned()),
            action: Set(rule.action.act.to_owned()),
            conditions: Set(conditions),
            created_at: Set(created_at),
        });
    }
    role_rule::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

pub(super) async fn delete_rules(tx: &TenantTx, rules: &[RuleId]) -> Result<(), DbErr> {
    if rules.is_empty() {
        return Ok(());
    }
    let ids = rules.iter().map(RuleId::as_uuid);
    role_rule::Entity::delete_many().filter(role_rule::Column::Id.is_in(ids)).exec(tx).await?;
    Ok(())
}

/// How many members and API keys have the role.
pub(super) async fn count_holders(tx: &TenantTx, role: &str) -> Result<(u64, u64), DbErr> {
    let members = member::Entity::find().filter(member::Column::Role.eq(role)).count(tx).await?;
    let api_keys = api_key::Entity::find().filter(api_key::Column::Role.eq(role)).count(tx).await?;
    Ok((members, api_keys))
}

fn limit(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
