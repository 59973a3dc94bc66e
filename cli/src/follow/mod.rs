//! Following an operation: long polls until it ends, the wait ends, or the person stops it.

mod progress;

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::{client::ReadQuery, exit_code::ExitCode, failure::Failure, operation::Operation, session::Session};

use progress::Display;
pub(crate) use progress::shown_duration;

/// One long poll; the server answers earlier when a step is taken.
const POLL_SECONDS: u64 = 20;
/// Gathers steps that follow one another closely, and keeps a server from being asked in a tight loop.
const POLL_PAUSE: Duration = Duration::from_millis(100);
/// How long the control plane may be away, for example while it restarts.
const OUTAGE_MAX: Duration = Duration::from_mins(1);
const OUTAGE_PAUSE: Duration = Duration::from_secs(1);

/// Follows the operation `id` to its end, however that is.
pub(crate) async fn follow(session: &Session, id: &str, timeout: Option<Duration>) -> Result<Operation, Failure> {
    session.pursue(id);
    let Some(timeout) = timeout else {
        return follow_to_the_end(session, id).await;
    };
    let deadline = Instant::now().checked_add(timeout).unwrap_or_else(Instant::now);
    timeout_at(deadline, follow_to_the_end(session, id)).await.unwrap_or_else(|_elapsed| Err(timed_out(id, timeout)))
}

/// The operation of an earlier run: shown only if it is still under way.
pub(crate) async fn follow_unfinished(
    session: &Session,
    id: &str,
    timeout: Option<Duration>,
) -> Result<Operation, Failure> {
    let reply = session.client.read(&format!("/operations/{id}"), &ReadQuery::default()).await?;
    let operation = Operation::try_from_reply(reply)?;
    if operation.is_finished() { Ok(operation) } else { follow(session, id, timeout).await }
}

async fn follow_to_the_end(session: &Session, id: &str) -> Result<Operation, Failure> {
    let path = format!("/operations/{id}");
    let query = ReadQuery::default().with("wait_seconds", &POLL_SECONDS);
    let mut display = Display::new(session.output);
    let mut last_answer = Instant::now();
    loop {
        match session.client.read(&path, &query).await {
            Ok(reply) => {
                last_answer = Instant::now();
                let operation = Operation::try_from_reply(reply)?;
                display.show(&operation);
                if operation.is_finished() {
                    display.finish(&operation);
                    return Ok(operation);
                }
                sleep(POLL_PAUSE).await;
            }
            Err(failure) if is_passing(&failure) && last_answer.elapsed() < OUTAGE_MAX => {
                display.outage(&failure);
                sleep(OUTAGE_PAUSE).await;
            }
            Err(failure) => {
                return Err(if is_passing(&failure) {
                    failure
                        .operation(id)
                        .hint(format!("the operation is stored; `tessera operation wait {id}` follows it again"))
                } else {
                    failure.operation(id)
                });
            }
        }
    }
}

/// Whether the server is only away for a moment.
fn is_passing(failure: &Failure) -> bool {
    failure.exit == ExitCode::Failure
}

fn timed_out(id: &str, timeout: Duration) -> Failure {
    let waited = humantime::format_duration(timeout);
    Failure::new(
        ExitCode::Timeout,
        "timeout",
        format!("{id} is not finished after {waited}; it continues on the server"),
    )
    .operation(id)
    .hint(format!("follow it again with `tessera operation wait {id}`"))
}
