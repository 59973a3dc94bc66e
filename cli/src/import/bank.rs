//! `tessera import bank`

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueHint};
use tokio::time::Instant;

use super::{
    creation, history,
    payment_api::PaymentApi,
    posting::{self, Wallets},
    progress::Progress,
    secret_key::KeyArguments,
    source::Bank,
    summary::Summary,
};
use crate::{
    failure::Failure,
    output::{Document, Output},
    session::Session,
};

/// Arguments of `import bank`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        tessera import bank tests/data/bank-1993 --api-url http://127.0.0.1:8080 --key-file acme.key\n  \
        tessera import bank bank-1993 --key-file acme.keys.json --mode test -o json")]
pub(crate) struct BankArguments {
    /// Folder with the files of the data set
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
    #[command(flatten)]
    key: KeyArguments,
}

/// Reads the files, brings the movements into order and sends what is missing to the payment API.
pub(super) async fn run(arguments: &BankArguments, session: &Session) -> Result<Document, Failure> {
    let began = Instant::now();
    let base = session.settings.api_url.value.clone();
    // Refuse before a key is read for nothing.
    session.settings.refuse_clear_text(&base)?;
    let key = arguments.key.read()?;
    let mut bank = Bank::read(&arguments.folder)?;
    for skipped in &bank.skipped {
        Output::tell(&format!("skipped {} line {}: {}", skipped.file, skipped.line, skipped.problem));
    }
    if key.mode.is_live() {
        session.confirm("This is a live environment. Import into it?").await?;
    }
    let histories = history::of(std::mem::take(&mut bank.movements));
    let mut progress = Progress::new(session.output);
    let api = PaymentApi::try_new(base, key.text, progress.teller())?;
    let customers = creation::customers(&api, &bank.clients, &mut progress).await?;
    let counterparties = creation::counterparties(&api, &histories, &mut progress).await?;
    let accounts = creation::accounts(&api, &bank, &histories, &customers.ids, &mut progress).await?;
    let wallets = Wallets { accounts: accounts.ids, counterparties: counterparties.ids };
    let movements = posting::movements(&api, &histories, &wallets, &mut progress).await?;
    drop(progress);
    let summary = Summary {
        bank: &bank,
        histories: &histories,
        customers: customers.tally,
        wallets: accounts.tally,
        counterparties: counterparties.tally,
        movements,
        took: whole_milliseconds(began.elapsed()),
    };
    Ok(summary.document())
}

fn whole_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
