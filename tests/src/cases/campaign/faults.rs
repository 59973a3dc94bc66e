//! The supervisor: a shuffled deck of faults, each drawn once the clients have got on since the one before.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::client::Load;
use crate::app::{
    App,
    proxy::{Cut, How, Proxy},
    random::Random,
    server::Server,
    stack::Stack,
};

/// Without progress for so long the run has failed.
const PROGRESS_WITHIN: Duration = Duration::from_mins(2);
/// How long a killed process may take until it serves again.
const RESTARTED_WITHIN: Duration = Duration::from_mins(2);
/// Between two tries to start what needs something that is still away.
const RESTART_EVERY: Duration = Duration::from_millis(100);
/// Acknowledgements between two faults, at most.
const CALM_MAX: usize = 40;
/// Acknowledgements of a process before it is killed again.
const LIFE_MIN: usize = 20;
/// Transactions that pass before a cut, at most.
const UNHARMED_MAX: usize = 6;
/// Longest pause of a commit that is held up, in milliseconds.
const HELD_UP_MS_MAX: usize = 250;
/// Between two lines that tell how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(15);

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// kill -9 of a `tessera api` process.
    EngineKilled,
    /// kill -9 of Postgres, all of it.
    PostgresKilled,
    /// `pg_terminate_backend` of one of the product's backends.
    BackendTerminated,
    /// The reply to a `COMMIT` is swallowed.
    ReplyEaten,
    /// A `COMMIT` arrives after its client has lost the connection.
    CommitHeldUp,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EngineKilled => "engine processes killed",
            Self::PostgresKilled => "Postgres killed",
            Self::BackendTerminated => "backends terminated",
            Self::ReplyEaten => "COMMIT replies eaten",
            Self::CommitHeldUp => "COMMITs held up",
        })
    }
}

/// How often each fault has to happen.
pub type Deck = BTreeMap<Fault, usize>;

/// Makes things go wrong.
#[derive(Debug)]
pub struct Supervisor {
    pub app: App,
    pub stack: Stack,
    pub engines: Vec<Arc<Mutex<Server>>>,
    pub proxy: Proxy,
    pub load: Arc<Load>,
    pub random: Random,
    pub happened: Deck,
    began: Instant,
    told: Instant,
    /// What each process had acknowledged when it was last killed.
    acknowledged_before: Vec<usize>,
    restarts: JoinSet<()>,
}

impl Supervisor {
    pub fn new(app: &App, stack: Stack, engines: Vec<Server>, proxy: Proxy, load: Arc<Load>, random: Random) -> Self {
        Self {
            app: app.clone(),
            stack,
            acknowledged_before: vec![0; engines.len()],
            engines: engines.into_iter().map(|engine| Arc::new(Mutex::new(engine))).collect(),
            proxy,
            load,
            random,
            happened: Deck::new(),
            began: Instant::now(),
            told: Instant::now(),
            restarts: JoinSet::new(),
        }
    }

    /// Draws every fault of the deck, heals, and waits until so many orders are acknowledged.
    pub async fn run(&mut self, deck: &Deck, acknowledged_min: usize) {
        let mut drawn: Vec<Fault> = deck.iter().flat_map(|(fault, times)| vec![*fault; *times]).collect();
        for place in (1..drawn.len()).rev() {
            drawn.swap(place, self.random.below(place + 1));
        }
        self.calm(CALM_MAX).await;
        for (place, fault) in drawn.iter().enumerate() {
            match fault {
                Fault::EngineKilled => self.kill_engine().await,
                Fault::PostgresKilled => self.kill_postgres().await,
                Fault::BackendTerminated => self.terminate_backend().await,
                Fault::ReplyEaten | Fault::CommitHeldUp => self.cut(*fault).await,
            }
            let calm = self.random.below(CALM_MAX);
            self.calm(calm).await;
            if self.told.elapsed() > TOLD_EVERY {
                self.told = Instant::now();
                self.tell(place + 1, drawn.len());
            }
        }
        while let Some(restarted) = self.restarts.join_next().await {
            restarted.unwrap();
        }
        let enough = self.load.reaches(acknowledged_min, PROGRESS_WITHIN).await;
        assert!(enough, "{} of {acknowledged_min} orders acknowledged", self.load.acknowledged());
    }

    fn tell(&self, faults: usize, of: usize) {
        let happened: Vec<String> = self.happened.iter().map(|(fault, times)| format!("{times} {fault}")).collect();
        self.app.note(format!(
            "after {:.0?}: {faults} of {of} faults ({}); {} acknowledged",
            self.began.elapsed(),
            happened.join(", "),
            self.load.acknowledged()
        ));
    }

    fn count(&mut self, fault: Fault) {
        *self.happened.entry(fault).or_default() += 1;
    }

    /// Lets the clients get on by so many orders.
    async fn calm(&mut self, orders: usize) {
        let goal = self.load.acknowledged() + orders;
        let reached = self.load.reaches(goal, PROGRESS_WITHIN).await;
        assert!(reached, "no progress within {PROGRESS_WITHIN:?}: {:?}", self.load.answers());
    }

    /// A process that has served since its last death dies; it comes back while the next faults happen.
    async fn kill_engine(&mut self) {
        let victim = self.random.below(self.engines.len());
        let load = Arc::clone(&self.load);
        let alive = self.acknowledged_before[victim] + LIFE_MIN;
        let served = async {
            let mut acknowledged = load.acknowledged();
            while load.acknowledged_by(victim) < alive {
                acknowledged += 1;
                load.reaches(acknowledged, PROGRESS_WITHIN).await;
                acknowledged = load.acknowledged();
            }
        };
        let served = timeout(PROGRESS_WITHIN, served).await;
        assert!(served.is_ok(), "process {victim} acknowledges nothing");
        // Sometimes a commit loses its reply, and then nobody is left to ask.
        if self.random.once_in(3) {
            self.order(Fault::ReplyEaten);
        }
        let engine = Arc::clone(&self.engines[victim]);
        let mut held = Arc::clone(&engine).lock_owned().await;
        held.kill().await;
        self.count(Fault::EngineKilled);
        self.acknowledged_before[victim] = self.load.acknowledged_by(victim);
        self.restarts.spawn(async move {
            let began = Instant::now();
            while let Err(error) = held.try_start_again().await {
                assert!(began.elapsed() < RESTARTED_WITHIN, "process {victim} does not come back: {error}");
                sleep(RESTART_EVERY).await;
            }
        });
    }

    async fn kill_postgres(&mut self) {
        self.stack.postgres.kill().await.unwrap();
        self.count(Fault::PostgresKilled);
        let began = Instant::now();
        while let Err(error) = self.stack.postgres.start_again().await {
            assert!(began.elapsed() < RESTARTED_WITHIN, "Postgres does not come back: {error}");
            sleep(RESTART_EVERY).await;
        }
    }

    /// Two times in three one that is at something, where there is one.
    async fn terminate_backend(&mut self) {
        let mut admin = PgConnection::connect(&self.stack.postgres.admin_url()).await.unwrap();
        let began = Instant::now();
        loop {
            let backends = sqlx::query(
                "SELECT pid, state <> 'idle' FROM pg_stat_activity WHERE usename = 'tessera_app' AND state IS NOT NULL ORDER BY pid",
            );
            let backends: Vec<(i32, bool)> =
                backends.fetch_all(&mut admin).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
            let busy: Vec<(i32, bool)> = backends.iter().filter(|(_, busy)| *busy).copied().collect();
            let among = if busy.is_empty() || self.random.once_in(3) { &backends } else { &busy };
            if !among.is_empty() {
                let (pid, _) = *self.random.pick(among);
                let ended = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).fetch_one(&mut admin).await;
                if ended.unwrap().get(0) {
                    return self.count(Fault::BackendTerminated);
                }
            }
            assert!(began.elapsed() < PROGRESS_WITHIN, "there is no backend to terminate");
            sleep(RESTART_EVERY).await;
        }
    }

    fn order(&mut self, fault: Fault) {
        let how = if fault == Fault::ReplyEaten {
            How::EatReply { answers_arrive: self.random.once_in(2) }
        } else {
            let pause = u64::try_from(self.random.below(HELD_UP_MS_MAX)).unwrap();
            How::HoldUp { pause: Duration::from_millis(pause) }
        };
        self.proxy.order(Cut { after: self.random.below(UNHARMED_MAX), how, reset: self.random.once_in(2) });
    }

    /// Has the proxy cut one connection in its commit, and waits until one of the engines' was.
    async fn cut(&mut self, fault: Fault) {
        let done = |proxy: &Proxy| {
            let done = proxy.done();
            if fault == Fault::ReplyEaten { done.eaten } else { done.held_up }
        };
        let before = done(&self.proxy);
        while done(&self.proxy) == before {
            let cuts = self.proxy.done().cuts();
            self.order(fault);
            let was_cut = self.proxy.wait_for_cuts(cuts + 1, PROGRESS_WITHIN).await;
            assert!(was_cut, "no transaction commits: {:?}", self.load.answers());
        }
        self.count(fault);
    }
}
