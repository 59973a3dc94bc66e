//! When a server counts as ready.

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longest wait for the answer to one probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How to ask a server whether it serves.
#[derive(Debug, Clone)]
pub enum Ready {
    /// A GET of this address answers with success.
    Http(String),
    /// A GET of every one of these addresses answers with success.
    AllHttp(Vec<String>),
    /// The port accepts connections.
    Port(u16),
    /// Redis answers on this port.
    Redis(u16),
    /// Postgres says in its `postmaster.pid` that it accepts connections, and answers on this port.
    Postgres {
        /// The `postmaster.pid`.
        lock: PathBuf,
        /// The loopback port.
        port: u16,
    },
}

impl Ready {
    /// Ready when a GET of `url` answers with success.
    pub fn http(url: impl Into<String>) -> Self {
        Self::Http(url.into())
    }

    /// Asks once. `pid` is the server's process.
    pub(crate) async fn probe(&self, pid: i32) -> bool {
        let probe = async {
            match self {
                Self::Http(url) => http_answers(url).await,
                Self::AllHttp(urls) => {
                    for url in urls {
                        if !http_answers(url).await {
                            return false;
                        }
                    }
                    true
                }
                Self::Port(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).await.is_ok(),
                Self::Redis(port) => redis_answers(*port).await.unwrap_or(false),
                Self::Postgres { lock, port } => {
                    postmaster_is_ready(lock, pid) && postgres_answers(*port).await.unwrap_or(false)
                }
            }
        };
        timeout(PROBE_TIMEOUT, probe).await.unwrap_or(false)
    }
}

async fn http_answers(url: &str) -> bool {
    reqwest::get(url).await.is_ok_and(|response| response.status().is_success())
}

// Without the password the answer is NOAUTH, which is as good as PONG: the server has loaded its data and serves.
async fn redis_answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0_u8; 7];
    stream.read_exact(&mut answer).await?;
    Ok(&answer == b"-NOAUTH" || &answer == b"+PONG\r\n")
}

// The question whether it speaks TLS is answered by a new backend, in one letter, before any password.
async fn postgres_answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await?;
    Ok(matches!(stream.read_u8().await?, b'N' | b'S'))
}

// The first line is the postmaster's process, the eighth its state. A file left by a killed one names another process.
fn postmaster_is_ready(path: &Path, pid: i32) -> bool {
    let Ok(text) = fs::read_to_string(path) else { return false };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.first().and_then(|line| line.parse().ok()) == Some(pid) && lines.get(7) == Some(&"ready")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postmaster_file_counts_only_for_its_own_process() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("postmaster.pid");
        fs::write(&path, "42\n/data\n1700000000\n5432\n/tmp\n127.0.0.1\n  1 2\nready   \n").unwrap();
        assert!(postmaster_is_ready(&path, 42));
        assert!(!postmaster_is_ready(&path, 43));
        fs::write(&path, "42\n/data\n1700000000\n5432\n/tmp\n127.0.0.1\n  1 2\nstarting\n").unwrap();
        assert!(!postmaster_is_ready(&path, 42));
    }
}
