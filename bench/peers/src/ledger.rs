//! cala-ledger as its documentation sets it up: a journal, accounts, and a template of two entries.

use anyhow::Context as _;
use cala_ledger::{
    AccountId, CalaLedger, CalaLedgerConfig, JournalId, TransactionId,
    account::NewAccount,
    job::{JobSvcConfig, Jobs},
    journal::NewJournal,
    posting::PostingInput,
    tx_template::{
        NewParamDefinition, NewTxTemplate, NewTxTemplateEntry, NewTxTemplateTransaction, ParamDataType, Params,
    },
};
use load::Subject;
use rust_decimal::Decimal;
use sqlx::postgres::PgPoolOptions;
use url::Url;

const TEMPLATE: &str = "TRANSFER";
/// One for each of the most callers, and some for its own jobs.
const CONNECTIONS: u32 = 40;
/// Accounts made in one call.
const CHUNK: usize = 1_000;

pub(crate) struct Cala {
    ledger: CalaLedger,
    accounts: Vec<AccountId>,
    // Held so that it does not shut down. It is never started: nothing here is eventually consistent.
    _jobs: Jobs,
}

impl Cala {
    pub(crate) async fn prepare(url: &Url, accounts: usize) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(CONNECTIONS)
            .connect(url.as_str())
            .await?;
        let mut jobs = Jobs::init(JobSvcConfig::builder().pool(pool.clone()).build()?).await?;
        let config = CalaLedgerConfig::builder().pool(pool.clone()).exec_migrations(true).build()?;
        let ledger = CalaLedger::init(config, &mut jobs).await?;
        let journal = JournalId::new();
        ledger.journals().create(NewJournal::builder().id(journal).name("Bench").build()).await?;
        ledger.tx_templates().create(template(journal)?).await?;
        let accounts: Vec<AccountId> = (0..accounts).map(|_| AccountId::new()).collect();
        for chunk in accounts.chunks(CHUNK) {
            let new = chunk.iter().map(|id| {
                NewAccount::builder().id(*id).name(format!("Account {id}")).code(format!("account-{id}")).build()
            });
            ledger.accounts().create_all(new.collect()).await?;
        }
        sqlx::query("VACUUM ANALYZE").execute(&pool).await?;
        Ok(Self { ledger, accounts, _jobs: jobs })
    }

    fn params(&self, debit: usize, credit: usize) -> anyhow::Result<Params> {
        let account = |index: usize| self.accounts.get(index).copied().context("an account that was made");
        let mut params = Params::new();
        params.insert("debit", account(debit)?);
        params.insert("credit", account(credit)?);
        params.insert("amount", Decimal::ONE);
        Ok(params)
    }
}

impl Subject for Cala {
    fn name(&self) -> &'static str {
        "cala-ledger"
    }

    async fn transfer(&self, debit: usize, credit: usize) -> anyhow::Result<()> {
        let params = self.params(debit, credit)?;
        self.ledger.post_transaction(TransactionId::new(), TEMPLATE, params).await?;
        Ok(())
    }

    async fn transfer_all(&self, pairs: Vec<(usize, usize)>) -> anyhow::Result<()> {
        let posting =
            |(debit, credit)| Ok(PostingInput::new(TransactionId::new(), TEMPLATE, self.params(debit, credit)?));
        let batch: Vec<PostingInput> = pairs.into_iter().map(posting).collect::<anyhow::Result<_>>()?;
        self.ledger.post_transactions(batch).await?;
        Ok(())
    }
}

/// Both sides are parameters; the journal and the currency are fixed.
fn template(journal: JournalId) -> anyhow::Result<NewTxTemplate> {
    let mut params = Vec::new();
    for (name, kind) in
        [("debit", ParamDataType::Uuid), ("credit", ParamDataType::Uuid), ("amount", ParamDataType::Decimal)]
    {
        params.push(NewParamDefinition::builder().name(name).r#type(kind).build()?);
    }
    let mut entries = Vec::new();
    for (side, direction) in [("debit", "DEBIT"), ("credit", "CREDIT")] {
        let entry = NewTxTemplateEntry::builder()
            .entry_type(format!("'TRANSFER_{direction}'"))
            .account_id(format!("params.{side}"))
            .layer("SETTLED")
            .direction(direction)
            .units("params.amount")
            .currency("'EUR'")
            .build()?;
        entries.push(entry);
    }
    let transaction =
        NewTxTemplateTransaction::builder().effective("date()").journal_id(format!("uuid('{journal}')")).build()?;
    Ok(NewTxTemplate::builder()
        .id(uuid::Uuid::now_v7())
        .code(TEMPLATE)
        .params(params)
        .transaction(transaction)
        .entries(entries)
        .build())
}
