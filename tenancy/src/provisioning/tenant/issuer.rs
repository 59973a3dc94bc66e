//! The registry of token issuers. An own issuer is bound to the tenant that registered it.

use entity::platform::issuer;
use kernel::IssuerId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};

use super::store::issuer_spec;
use crate::provisioning::{ControlError, ControlPlane, IssuerSpec, Refusal, spec::CheckedSpec};

/// Whether the issuer is registered already, or the refusal where a tenant-to-be may not have it.
pub(super) async fn find_agreeing<C: ConnectionTrait>(
    db: &C,
    wanted: &IssuerSpec,
) -> Result<Result<bool, Refusal>, ControlError> {
    let registered = issuer::Entity::find().filter(issuer::Column::Url.eq(&wanted.url)).one(db).await?;
    Ok(registered.map_or(Ok(false), |row| agree(&issuer_spec(&row), wanted).map(|()| true)))
}

/// The registered issuer, made now if it is new.
pub(super) async fn register(
    control: &ControlPlane,
    tx: &DatabaseTransaction,
    wanted: &IssuerSpec,
) -> Result<IssuerId, ControlError> {
    let id = IssuerId::generate(control.clock().as_ref(), control.entropy().as_ref());
    let row = issuer::ActiveModel {
        id: Set(id.as_uuid()),
        url: Set(wanted.url.clone()),
        shared: Set(wanted.shared),
        audience_live: Set(wanted.audience_live.clone()),
        audience_test: Set(wanted.audience_test.clone()),
        tenant_claim: Set(wanted.tenant_claim.clone()),
        algorithms: Set(wanted.algorithms.clone()),
        created_at: Set(control.clock().now()),
    };
    let known = OnConflict::column(issuer::Column::Url).do_nothing().to_owned();
    if issuer::Entity::insert(row).on_conflict(known).exec_without_returning(tx).await? == 1 {
        return Ok(id);
    }
    let registered = issuer::Entity::find().filter(issuer::Column::Url.eq(&wanted.url)).one(tx).await?;
    let registered = registered.ok_or(ControlError::Corrupt { table: "platform.issuer", what: "url" })?;
    agree(&issuer_spec(&registered), wanted)?;
    Ok(IssuerId::from_uuid(registered.id))
}

fn agree(registered: &IssuerSpec, wanted: &IssuerSpec) -> Result<(), Refusal> {
    if !registered.shared || !wanted.shared {
        let message = "This issuer is registered for another tenant, or for several: an own issuer belongs to one.";
        return Err(Refusal::conflict("issuer_taken", message).with_param("issuer[url]"));
    }
    let fields = [
        ("issuer[audience_live]", registered.audience_live == wanted.audience_live),
        ("issuer[audience_test]", registered.audience_test == wanted.audience_test),
        ("issuer[tenant_claim]", registered.tenant_claim == wanted.tenant_claim),
        ("issuer[algorithms]", registered.algorithms == wanted.algorithms),
    ];
    match fields.into_iter().find(|(_, same)| !same) {
        None => Ok(()),
        Some((param, _)) => {
            let message = "This shared issuer is registered with another value.";
            Err(Refusal::conflict("issuer_differs", message).with_param(param))
        }
    }
}

/// Proves that the issuer answers, is who it says, and has keys.
pub(super) async fn check_reachable(control: &ControlPlane, spec: &CheckedSpec) -> Result<(), Refusal> {
    match control.key_sets().probe(spec.issuer()).await {
        Ok(keys) if keys > 0 => Ok(()),
        Ok(_) => {
            let message = "The issuer publishes no key that tokens could be verified with.";
            Err(Refusal::invalid("issuer_without_keys", "issuer[url]", message))
        }
        Err(error) => {
            tracing::info!(issuer = spec.issuer().as_str(), %error, "an issuer cannot be registered");
            let message = format!("The issuer cannot be registered: {error}.");
            Err(Refusal::invalid("issuer_unreachable", "issuer[url]", message)
                .with_hint("Its /.well-known/openid-configuration must answer and name exactly this URL as issuer."))
        }
    }
}
