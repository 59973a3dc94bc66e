//! What operations there are, and how they stand.

macro_rules! words {
    ($(#[$meta:meta])* $name:ident in $table:literal { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {$($(#[$doc])* $variant,)*}

        impl $name {
            /// Every one there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$variant => $word,)*}
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::provisioning::ControlError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|known| known.as_str() == text)
                    .ok_or($crate::provisioning::ControlError::Corrupt { table: $table, what: stringify!($name) })
            }
        }
    };
}

pub(in crate::provisioning) use words;

words! {
    /// What an operation does.
    OperationKind in "platform.operation" {
        /// Provisions a tenant.
        TenantCreate = "tenant.create",
        /// Changes what a tenant is.
        TenantUpdate = "tenant.update",
        /// Takes a tenant off the air.
        TenantSuspend = "tenant.suspend",
        /// Puts it back.
        TenantResume = "tenant.resume",
        /// Ends a tenant and schedules the destruction of its keys.
        TenantOffboard = "tenant.offboard",
        /// Gives a tenant new API keys.
        ApiKeysRotate = "api_keys.rotate",
        /// Gives environments new data keys.
        DataKeysRotate = "data_keys.rotate",
        /// Gives the KMS key a new version and wraps the data keys under it.
        KmsKeyRotate = "kms_key.rotate",
        /// Switches a KMS key off.
        KmsKeyDisable = "kms_key.disable",
        /// Switches it on again.
        KmsKeyEnable = "kms_key.enable",
        /// Destroys it, and with it everything sealed under it.
        KmsKeyDestroy = "kms_key.destroy",
        /// Brings schemas forward.
        Migration = "migration",
        /// Carries out a saved plan.
        PlanApply = "plan.apply",
    }
}

words! {
    /// How an operation stands.
    OperationState in "platform.operation" {
        /// Waits for its turn.
        Pending = "pending",
        /// Is being worked on, or will be when the lease of whoever did has expired.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Ended without effect on what it was about; resume it after mending the cause.
        Failed = "failed",
        /// Ended with some parts done and some failed.
        Partial = "partial",
        /// Stopped by staff.
        Cancelled = "cancelled",
    }
}

impl OperationKind {
    /// `<object>.<act>` of the audit log: the action that the policies decide on.
    pub const fn audited_as(self) -> &'static str {
        match self {
            Self::ApiKeysRotate | Self::DataKeysRotate | Self::KmsKeyRotate => "key.rotate",
            Self::KmsKeyDisable => "key.disable",
            Self::KmsKeyEnable => "key.enable",
            Self::KmsKeyDestroy => "key.destroy",
            Self::Migration => "migration.create",
            Self::TenantCreate
            | Self::TenantUpdate
            | Self::TenantSuspend
            | Self::TenantResume
            | Self::TenantOffboard
            | Self::PlanApply => self.as_str(),
        }
    }
}

impl OperationState {
    /// Whether nobody works on it any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}
