//! Which code does which kind of operation.

use entity::platform::operation;
use futures::future::{BoxFuture, FutureExt as _};

use super::{Ending, OperationKind, Run};
use crate::provisioning::{ControlError, ControlPlane, keys, migrate, plan, tenant};

impl ControlPlane {
    /// Boxed, because applying a plan works on operations too.
    pub(super) fn dispatch(
        run: &Run,
        kind: OperationKind,
        row: operation::Model,
    ) -> BoxFuture<'_, Result<Ending, ControlError>> {
        Self::do_it(run, kind, row).boxed()
    }

    async fn do_it(run: &Run, kind: OperationKind, row: operation::Model) -> Result<Ending, ControlError> {
        match kind {
            OperationKind::TenantCreate => tenant::provision(run, &row.target).await,
            OperationKind::TenantOffboard => tenant::offboard(run, &row.target).await,
            OperationKind::DataKeysRotate => keys::rotate_data_keys(run, &row.target, row.parameters).await,
            OperationKind::KmsKeyRotate
            | OperationKind::KmsKeyDisable
            | OperationKind::KmsKeyEnable
            | OperationKind::KmsKeyDestroy => keys::change_kms_key(run, kind, &row.target, row.parameters).await,
            OperationKind::Migration => migrate::migrate(run, row.parameters).await,
            OperationKind::PlanApply => plan::apply(run, row).await,
            // Done in the transaction of the request; they are never left unfinished.
            OperationKind::TenantUpdate
            | OperationKind::TenantSuspend
            | OperationKind::TenantResume
            | OperationKind::ApiKeysRotate => Ok(Ending::success()),
        }
    }
}
