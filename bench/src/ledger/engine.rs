//! The posting engine of this project, through its own interface: one posting for each transfer, with its event.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use futures::future::try_join_all;
use kernel::{
    Amount, Currency, EnvironmentId, LedgerAccountId, LedgerTransferId, Mode, SystemClock, SystemEntropy, TenantId,
};
use keyring::{KeyReference, KeyState, ProviderKind};
use ledger::{Engine, EngineConfig, EventDraft, PostingOrder, Postings, TransferDraft};
use load::{Distribution, Plan, Shape, Subject, run};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tenancy::{Environment, SchemaName, lane::LanesConfig};
use uuid::Uuid;

use super::{ACCOUNTS, ENGINE, IN_FLIGHT, chosen::is_chosen, cluster::Cluster, results::Results};

const DATABASE: &str = "tessera_bench";
const LOGIN: (&str, &str) = ("tessera_bench_app", "a-password-of-the-bench");
const ZIPF_ACCOUNTS: usize = 100_000;
const TENANTS: usize = 100;
const TENANT_ACCOUNTS: usize = 100;
/// Each account is debited and credited once a round.
const HISTORY_ROUNDS: u32 = 250;
/// What the tables call the engine on a ledger that is not new.
pub(crate) const OLD: &str = "tessera, 5 million entries";
/// Transfers of one call, where there are many.
const BULK: [usize; 2] = [1_000, 8_000];
/// What every account begins with, in minor units: no load here may be refused.
const FUNDS: i64 = 1_000_000_000;

/// The engine on one or more environments.
struct Tessera {
    name: &'static str,
    engine: Engine<Postings>,
    environments: Vec<Arc<Environment>>,
    accounts: usize,
    currency: Currency,
}

impl Tessera {
    fn order(&self, debit: usize, credit: usize) -> anyhow::Result<PostingOrder> {
        let id = LedgerTransferId::generate(&SystemClock, &SystemEntropy);
        let (debit, credit) = (account(debit % self.accounts)?, account(credit % self.accounts)?);
        let draft = TransferDraft::new(id, debit, credit, Amount::try_new(1)?, self.currency);
        let event = EventDraft { kind: "transfer.created", object: id.as_uuid() };
        Ok(PostingOrder { operations: vec![draft.into()], event })
    }

    async fn send(&self, debit: usize, credit: usize) -> anyhow::Result<()> {
        let environment = self.environments.get(debit / self.accounts).context("an account of no environment")?;
        let posted = self.engine.submit(environment, self.order(debit, credit)?).await?;
        posted.map(drop).context("a transfer was refused")
    }
}

impl Subject for Tessera {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn transfer(&self, debit: usize, credit: usize) -> anyhow::Result<()> {
        self.send(debit, credit).await
    }

    async fn transfer_all(&self, pairs: Vec<(usize, usize)>) -> anyhow::Result<()> {
        try_join_all(pairs.into_iter().map(|(debit, credit)| self.send(debit, credit))).await.map(drop)
    }
}

fn account(number: usize) -> anyhow::Result<LedgerAccountId> {
    Ok(LedgerAccountId::from_uuid(Uuid::from_u128(u128::try_from(number)?)))
}

pub(crate) async fn measure(cluster: &Cluster, plan: &Plan, results: &mut Results) -> anyhow::Result<()> {
    let admin = prepare(cluster).await?;
    let bench = Bench { cluster, admin, plan: *plan };
    let ten_thousand = [bench.environment(1, ACCOUNTS).await?];
    let subject = bench.subject(ENGINE, &ten_thousand, ACCOUNTS)?;
    for load in [Distribution::Uniform { accounts: ACCOUNTS }, Distribution::Hot { accounts: ACCOUNTS }] {
        for in_flight in IN_FLIGHT {
            bench.run(&subject, load, (in_flight, 1), results).await?;
        }
    }
    for per_call in BULK {
        bench.run(&subject, Distribution::Uniform { accounts: ACCOUNTS }, (1, per_call), results).await?;
    }
    let hundred_thousand = [bench.environment(2, ZIPF_ACCOUNTS).await?];
    let subject = bench.subject(ENGINE, &hundred_thousand, ZIPF_ACCOUNTS)?;
    for in_flight in IN_FLIGHT {
        bench.run(&subject, Distribution::Zipf { accounts: ZIPF_ACCOUNTS }, (in_flight, 1), results).await?;
    }
    let mut tenants = Vec::with_capacity(TENANTS);
    for number in (100_u128..).take(TENANTS) {
        tenants.push(bench.environment(number, TENANT_ACCOUNTS).await?);
    }
    let subject = bench.subject(ENGINE, &tenants, TENANT_ACCOUNTS)?;
    for in_flight in IN_FLIGHT {
        let load = Distribution::Tenants { tenants: TENANTS, accounts: TENANT_ACCOUNTS };
        bench.run(&subject, load, (in_flight, 1), results).await?;
    }
    if !is_chosen(OLD, "uniform", 256) {
        return Ok(());
    }
    let old = [bench.environment(3, ACCOUNTS).await?];
    bench.write_history(&old[0]).await?;
    let subject = bench.subject(OLD, &old, ACCOUNTS)?;
    bench.run(&subject, Distribution::Uniform { accounts: ACCOUNTS }, (256, 1), results).await
}

struct Bench<'a> {
    cluster: &'a Cluster,
    admin: PgPool,
    plan: Plan,
}

impl Bench<'_> {
    fn subject(
        &self,
        name: &'static str,
        environments: &[Arc<Environment>],
        accounts: usize,
    ) -> anyhow::Result<Arc<Tessera>> {
        let url = self.cluster.postgres().url(LOGIN.0, LOGIN.1, DATABASE).into();
        let lanes = LanesConfig { url, lanes_max: 8, application_name: "bench" };
        let config = EngineConfig { lanes, waiting_max: 100_000, batch_max: 1_000 };
        let engine =
            Engine::new(Postings::new(Arc::new(SystemClock), Arc::new(SystemEntropy)), &config, Arc::new(SystemClock))?;
        let environments = environments.to_vec();
        Ok(Arc::new(Tessera { name, engine, environments, accounts, currency: "eur".parse()? }))
    }

    async fn run(
        &self,
        subject: &Arc<Tessera>,
        load: Distribution,
        (in_flight, per_call): (usize, usize),
        results: &mut Results,
    ) -> anyhow::Result<()> {
        if !is_chosen(subject.name, &load.to_string(), in_flight) {
            return Ok(());
        }
        let schemas: Vec<&str> = subject.environments.iter().map(|environment| environment.schema.as_str()).collect();
        let counts: Vec<String> =
            schemas.iter().map(|schema| format!("(SELECT count(*) FROM {schema}.ledger_transfer)")).collect();
        let probe = self.cluster.probe(DATABASE, &schemas, &format!("SELECT {}", counts.join(" + "))).await?;
        let shape = Shape { load, in_flight, per_call, plan: self.plan };
        results.add(run(subject, &probe, &shape).await?);
        self.check(subject).await
    }

    /// No money was made, and nothing is missing between the entries of an account.
    async fn check(&self, subject: &Arc<Tessera>) -> anyhow::Result<()> {
        for environment in &subject.environments {
            let schema = environment.schema.as_str();
            let sql = format!(
                "SELECT sum(balance_minor)::bigint - count(*) * {FUNDS}, sum(sequence)::bigint - 2 * (SELECT count(*) FROM {schema}.ledger_transfer) \
                 FROM {schema}.ledger_account"
            );
            let (made, missing): (i64, i64) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&self.admin).await?;
            anyhow::ensure!((made, missing) == (0, 0), "{schema}: {made} made, {missing} entries missing");
        }
        Ok(())
    }

    /// An environment as provisioning leaves it, with accounts that have money and a floor of zero.
    async fn environment(&self, number: u128, accounts: usize) -> anyhow::Result<Arc<Environment>> {
        let tenant = TenantId::from_uuid(Uuid::from_u128(number));
        let id = EnvironmentId::from_uuid(Uuid::from_u128(number));
        let schema = SchemaName::new(tenant, Mode::Test);
        let (quoted, login, baseline) = (schema.quoted(), LOGIN.0, migration::tenant::baseline(None));
        let sql = format!(
            "BEGIN; CREATE ROLE {quoted} NOLOGIN; CREATE SCHEMA {quoted}; SET LOCAL search_path TO {quoted}; {baseline} \
             GRANT {quoted} TO {login}; \
             COMMIT; SET search_path TO {quoted}; \
             DO $$ BEGIN FOR n IN 0 .. {accounts} - 1 LOOP \
               INSERT INTO ledger_account (id, currency, floor_minor, balance_minor, created_at) \
               VALUES (lpad(to_hex(n), 32, '0')::uuid, 'eur', 0, {FUNDS}, now()); \
               UPDATE ledger_account SET version = version + 1 WHERE id = lpad(to_hex(n), 32, '0')::uuid; \
             END LOOP; END $$; RESET search_path"
        );
        super::cluster::run_script(&self.admin, &sql).await?;
        sqlx::query(AssertSqlSafe(format!("VACUUM ANALYZE {quoted}.ledger_account"))).execute(&self.admin).await?;
        Ok(Arc::new(Environment {
            id,
            tenant,
            slug: format!("bench-{number}").parse()?,
            mode: Mode::Test,
            locator: format!("{number:0>12}"),
            schema,
            key: KeyReference::try_new(ProviderKind::Local, "unused")?,
            key_state: KeyState::Enabled,
        }))
    }

    /// Millions of entries, in which every account paid its neighbour again and again.
    async fn write_history(&self, environment: &Environment) -> anyhow::Result<()> {
        println!("  writing a history of {} transfers", u64::from(HISTORY_ROUNDS) * u64::try_from(ACCOUNTS)?);
        let schema = environment.schema.as_str();
        // In round r account n pays its entry 2r + 1 and is paid its entry 2r + 2 by the account before it.
        let id = |round: &str, payer: &str| {
            format!("('0180' || lpad(to_hex(({round})::bigint * {ACCOUNTS} + {payer}), 28, '0'))::uuid")
        };
        let (next, before) = (format!("((n + 1) % {ACCOUNTS})"), format!("((n + {ACCOUNTS} - 1) % {ACCOUNTS})"));
        let sql = format!(
            "INSERT INTO {schema}.ledger_transfer (id, debit_account_id, debit_sequence, debit_balance_minor, debit_previous_id, \
               credit_account_id, credit_sequence, credit_balance_minor, credit_previous_id, amount_minor, currency, \
               effective_at, created_at) \
             SELECT {this}, lpad(to_hex(n), 32, '0')::uuid, 2 * round + 1, {FUNDS} - 1, CASE WHEN round > 0 THEN {paid} END, \
               lpad(to_hex({next}), 32, '0')::uuid, 2 * round + 2, {FUNDS}, {paid_on}, 1, 'eur', now(), now() \
             FROM generate_series(0, {HISTORY_ROUNDS} - 1) AS round, generate_series(0, {ACCOUNTS} - 1) AS n; \
             INSERT INTO {schema}.ledger_mark (account_id, sequence, transfer_id, effective_at) \
             SELECT credit_account_id, credit_sequence, id, effective_at FROM {schema}.ledger_transfer \
             WHERE credit_sequence % 32 = 0; \
             UPDATE {schema}.ledger_account a SET sequence = 2 * {HISTORY_ROUNDS}, effective_last = now(), last_transfer_id = {last} \
             FROM generate_series(0, {ACCOUNTS} - 1) AS n WHERE a.id = lpad(to_hex(n), 32, '0')::uuid;",
            this = id("round", "n"),
            paid = id("round - 1", &before),
            paid_on = id("round", &next),
            last = id(&format!("{HISTORY_ROUNDS} - 1"), &before),
        );
        super::cluster::run_script(&self.admin, &sql).await?;
        for table in ["ledger_account", "ledger_transfer"] {
            sqlx::query(AssertSqlSafe(format!("VACUUM ANALYZE {schema}.{table}"))).execute(&self.admin).await?;
        }
        Ok(())
    }
}

/// A database of its own, and a login that sees nothing until it takes a role on.
async fn prepare(cluster: &Cluster) -> anyhow::Result<PgPool> {
    let (login, password) = LOGIN;
    super::cluster::run_script(cluster.pool(), &format!("CREATE ROLE {login} LOGIN NOINHERIT PASSWORD '{password}'"))
        .await?;
    super::cluster::run_script(cluster.pool(), &format!("CREATE DATABASE {DATABASE}")).await?;
    let url = cluster.url(DATABASE)?;
    let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(Duration::from_mins(1));
    Ok(pool.connect(url.as_str()).await?)
}
