//! Serving over hyper with the time limits that `axum::serve` does not set: a client that sends its headers
//! slowly, or holds a thousand connections, costs nobody else anything.

mod drain;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use thiserror::Error;
use tokio::{net::TcpListener, sync::Semaphore};

pub use drain::shutdown_signal;

/// Longest time from a connection's opening, or its last answer, to the end of the next headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections served at once; further ones wait in the listener's queue.
const CONNECTIONS_MAX: usize = 4_096;
/// Largest total of a request's headers, in bytes.
const HEADERS_LENGTH_MAX: usize = 32 * 1024;
/// How long requests under way may take to end after the signal to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a server cannot listen.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address is taken.
    #[error("{address} is already in use: stop what listens there, or set `{setting}` to another address")]
    AddressInUse {
        /// The address asked for.
        address: SocketAddr,
        /// The configuration key that names it.
        setting: &'static str,
    },
    /// Any other refusal of the operating system.
    #[error("cannot listen on {address} (`{setting}`)")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The configuration key that names it.
        setting: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// Opens the listening socket; `setting` is named when that fails.
pub async fn listen(address: SocketAddr, setting: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::AddressInUse { address, setting },
        _ => ServeError::Listen { address, setting, source },
    })
}

/// Serves until `stop` resolves, then lets requests under way end.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()> + Send) {
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let builder = Arc::new(connection_builder());
    let mut stop = std::pin::pin!(stop);
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { break };
        let (stream, _peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: waiting a moment is better than spinning.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        // Small answers must not wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time and are cut");
    }
}

/// HTTP/1.1 only: whoever terminates TLS in front speaks it, and guessing the version of a client that sends
/// its first bytes slowly has no time limit in hyper-util.
fn connection_builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADERS_LENGTH_MAX);
    builder
}
