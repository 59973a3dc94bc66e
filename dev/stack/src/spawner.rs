//! The one thread that starts children.
//!
//! A parent-death signal follows the *thread* that forked, not the process: a child started from a runtime's worker
//! would die when that runtime is dropped. This thread lives as long as the process.

use std::{
    io,
    process::{Child, Command, Output, Stdio},
    sync::{
        OnceLock,
        mpsc::{Sender, channel},
    },
    thread,
};

struct Order {
    command: Command,
    answer: Sender<io::Result<Child>>,
}

static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();

fn spawner() -> &'static Sender<Order> {
    SPAWNER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        thread::spawn(move || {
            for Order { mut command, answer } in inbox {
                // Nobody waiting for the answer any more is no reason to stop serving the others.
                let _unheard = answer.send(command.spawn());
            }
        });
        orders
    })
}

/// Starts the command from the long-lived thread.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let (answer, result) = channel();
    let gone = || io::Error::other("the thread that starts children is gone");
    spawner().send(Order { command, answer }).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}

/// Runs the command to its end and answers what it said.
pub(crate) fn run(mut command: Command) -> io::Result<Output> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    spawn(command)?.wait_with_output()
}
