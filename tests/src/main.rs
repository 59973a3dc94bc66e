//! End to end: one test binary that drives the real `tessera` processes on a real Postgres, Redis and identity
//! provider. `cargo test -p tests -- <part of a name>` runs some of it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    clippy::match_same_arms,
    clippy::single_match_else,
    clippy::too_many_lines,
    clippy::similar_names,
    unreachable_pub,
    reason = "test code: a surprise is a failure, and nothing is exported"
)]

mod app;
mod cases;

use std::{panic::AssertUnwindSafe, process::ExitCode, sync::OnceLock};

use futures::{FutureExt as _, future::BoxFuture};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use app::App;

/// Trials wait for servers most of the time, so more of them run at once than there are processors.
const TRIALS_AT_ONCE: usize = 4;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// The runtime of everything in here.
fn runtime() -> &'static Runtime {
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap())
}

/// A case, by its full name.
type Case = fn(App) -> BoxFuture<'static, ()>;

fn trial(name: &'static str, case: Case) -> Trial {
    Trial::test(name, move || {
        let app = App::new(name);
        let run = async {
            case(app.clone()).await;
            app.check_invariants().await;
        };
        let outcome = runtime().block_on(AssertUnwindSafe(run).catch_unwind());
        outcome.map_err(|panic| Failed::from(message(panic.as_ref())))
    })
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(TRIALS_AT_ONCE));
    let trials = cases::all();
    // The place and the words are enough: what a backtrace would show is the runtime.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    if !arguments.list {
        println!("seed {} (repeat it with TESSERA_TESTS_SEED)", app::random::run_seed());
        app::binary::build_if_missing();
        runtime().spawn(end_when_told());
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    runtime().block_on(app::end_shared());
    conclusion.exit_code()
}

/// Ctrl-C and `kill` end the servers too. Those of single cases die with this process.
async fn end_when_told() {
    let mut interrupt = signal(SignalKind::interrupt()).unwrap();
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    app::end_shared().await;
    std::process::exit(130);
}
