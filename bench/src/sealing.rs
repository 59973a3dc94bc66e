//! What sealing and opening a field cost.

use std::{hint::black_box, sync::Arc, time::Duration};

use kernel::{EnvironmentId, SystemClock, SystemEntropy, TenantId};
use keyring::{EnvironmentKey, IndexColumn, KeyOwner, Keyring, Place, ProviderKind, Purpose};

use crate::{platform, policy::sample, report::Report};

/// A field of the usual length.
const EMAIL: &str = "ada.lovelace@analytical-engines.example";

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let config = platform::local_keys(directory.path())?;
    let keyring = Keyring::connect(&config, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    let tenant = TenantId::generate(&SystemClock, &SystemEntropy);
    let environment = EnvironmentId::generate(&SystemClock, &SystemEntropy);
    let reference = keyring.create_key(ProviderKind::Local, &KeyOwner { tenant, environment }).await?;
    let key = EnvironmentKey { tenant, environment, reference };
    let fields = keyring.generate_data_key(&key, Purpose::Fields).await?;
    let index = keyring.generate_data_key(&key, Purpose::Index).await?;
    let data_keys = [fields, index];
    let keys = keyring.field_keys(&key, &data_keys).await?;
    let place = Place { table: "customer", column: "email", row: environment.as_uuid() };
    let email = EMAIL.to_owned();
    let mut seal = sample(|| black_box(keys.seal(black_box(&email), &place)).is_ok());
    report.bounded("seal one field", &mut seal, Duration::from_micros(5));
    let sealed = keys.seal(&email, &place)?;
    let mut open = sample(|| black_box(keys.open(black_box(&sealed), &place)).is_ok_and(|opened| opened == EMAIL));
    report.bounded("open one field", &mut open, Duration::from_micros(5));
    let column = IndexColumn { table: "customer", column: "email" };
    let mut blind = sample(|| black_box(keys.index_for_write(black_box(EMAIL), &column)).is_ok());
    report.plain("blind index of one field", &mut blind);
    Ok(())
}
