//! The one row of settings.

use entity::tenant::fx_setting::{Column, Entity, Model};
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use tenancy::TenantTx;
use time::OffsetDateTime;

use crate::Change;

pub(super) async fn find(tx: &TenantTx) -> Result<Option<Model>, DbErr> {
    Entity::find().one(tx).await
}

/// Writes what changes.
pub(super) async fn update(
    tx: &TenantTx,
    spread_basis_points: Option<u16>,
    rate_age_days_max: Change<u16>,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let mut rows = Entity::update_many().col_expr(Column::UpdatedAt, Expr::value(now));
    if let Some(points) = spread_basis_points {
        rows = rows.col_expr(Column::SpreadBasisPoints, Expr::value(i32::from(points)));
    }
    if let Some(days) = rate_age_days_max.into_option() {
        rows = rows.col_expr(Column::RateAgeDaysMax, Expr::value(days.map(i32::from)));
    }
    rows.filter(Column::Singleton.eq(true)).exec(tx).await.map(|_| ())
}
