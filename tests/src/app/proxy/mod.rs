//! A TCP proxy in front of Postgres that reads the protocol, and on order does what networks do to a `COMMIT`: its
//! reply is lost, or it arrives long after its client has lost the connection. Everything else passes as it is.
//!
//! It listens on loopback and reaches the server by its unix socket: a dead server's TCP port is one that the
//! system may hand to anybody who connects meanwhile.

pub mod frames;

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use self::frames::{Frames, Kind, Speaker};

/// Bytes read at once.
const CHUNK_BYTES: usize = 16 * 1024;
/// How long a held-up `COMMIT` may take once it is on its way again.
const LATE_WITHIN: Duration = Duration::from_secs(10);

/// Something to do to the transactions that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many others pass unharmed before.
    pub after: usize,
    pub how: How,
    /// Whether the client sees a reset rather than an orderly end.
    pub reset: bool,
}

/// What happens to a `COMMIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The server has committed; its reply is swallowed and the connection cut. What it said before, in the same
    /// packet, arrives or does not.
    EatReply { answers_arrive: bool },
    /// The connection is cut, and only then, after a while, does the server get to see the `COMMIT`.
    HoldUp { pause: Duration },
}

/// What the proxy has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Replies swallowed on connections of the watched application.
    pub eaten: usize,
    /// Commits held up, there too.
    pub held_up: usize,
    /// Either of them on other connections.
    pub elsewhere: usize,
    /// Held-up commits that the server carried out in the end.
    pub late_commits: usize,
}

impl Done {
    /// All cuts.
    pub const fn cuts(&self) -> usize {
        self.eaten + self.held_up + self.elsewhere
    }
}

/// A running proxy; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    server: PathBuf,
    watched: &'static str,
    orders: Mutex<VecDeque<Cut>>,
    done: watch::Sender<Done>,
}

impl Proxy {
    /// Listens for clients of the server behind this socket. Cuts count by whether they hit connections of the
    /// application of this name.
    pub async fn open(server: PathBuf, watched: &'static str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { server, watched, orders: Mutex::default(), done: watch::Sender::default() });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Self { port, shared, listening }
    }

    /// The loopback port it listens on.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Has something done to a `COMMIT` to come.
    pub fn order(&self, cut: Cut) {
        self.shared.orders.lock().unwrap().push_back(cut);
    }

    /// What it has done so far.
    pub fn done(&self) -> Done {
        *self.shared.done.borrow()
    }

    /// Waits until so many cuts were made in all; false when they are not made in time.
    pub async fn wait_for_cuts(&self, cuts: usize, limit: Duration) -> bool {
        let mut done = self.shared.done.subscribe();
        timeout(limit, done.wait_for(|done| done.cuts() >= cuts)).await.is_ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    /// Whether the next order is for what passes now. Replies and requests of one `COMMIT` are counted apart: an
    /// order waits for its own kind.
    fn due(&self, is_reply: bool) -> Option<Cut> {
        let mut orders = self.orders.lock().unwrap();
        let first = orders.front_mut()?;
        if matches!(first.how, How::EatReply { .. }) != is_reply {
            return None;
        }
        if first.after > 0 {
            first.after -= 1;
            return None;
        }
        orders.pop_front()
    }

    fn count(&self, cut: Cut, application: Option<&str>) {
        let watched = application == Some(self.watched);
        self.done.send_modify(|done| match cut.how {
            _ if !watched => done.elsewhere += 1,
            How::EatReply { .. } => done.eaten += 1,
            How::HoldUp { .. } => done.held_up += 1,
        });
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A server that is away refuses the connection; its client sees that as a connection that ends.
            if let Ok(server) = UnixStream::connect(&shared.server).await {
                let _however_it_ended = relay(&shared, client, server).await;
            }
        });
    }
}

/// How a connection comes to its end.
#[derive(Debug)]
enum End {
    /// One side has left.
    Closed,
    /// It was cut at this order.
    Cut(Cut),
    /// It was cut at this order; the server shall have these bytes later.
    HeldUp(Cut, Vec<u8>),
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct Talk {
    application: Option<String>,
    /// Letters that the server owes since the last look.
    letters: usize,
}

async fn relay(shared: &Shared, mut client: TcpStream, mut server: UnixStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let talk = Mutex::new(Talk::default());
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        // Both directions at once: neither may wait for the other to be read.
        tokio::select! {
            end = upward(shared, &talk, from_client, to_server) => end?,
            end = downward(shared, &talk, from_server, to_client) => end?,
        }
    };
    let (End::Cut(cut) | End::HeldUp(cut, _)) = &end else { return Ok(()) };
    if cut.reset {
        client.set_zero_linger()?;
    }
    drop(client);
    shared.count(*cut, talk.lock().unwrap().application.as_deref());
    if let End::HeldUp(Cut { how: How::HoldUp { pause }, .. }, bytes) = end {
        sleep(pause).await;
        server.write_all(&bytes).await?;
        if timeout(LATE_WITHIN, commits(&mut server)).await.is_ok_and(|committed| committed.unwrap_or(false)) {
            shared.done.send_modify(|done| done.late_commits += 1);
        }
    }
    Ok(())
}

/// From the client to the server.
async fn upward(
    shared: &Shared,
    talk: &Mutex<Talk>,
    mut client: tokio::net::tcp::ReadHalf<'_>,
    mut server: tokio::net::unix::WriteHalf<'_>,
) -> io::Result<End> {
    let mut frames = Frames::of(Speaker::Frontend);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = client.read(&mut chunk).await?;
        if read == 0 {
            return Ok(End::Closed);
        }
        frames.push(&chunk[..read]);
        let mut out = Vec::with_capacity(read);
        let mut held = None;
        while let Some(message) = frames.take_message()? {
            match message.kind {
                Kind::AsksEncryption => talk.lock().unwrap().letters += 1,
                Kind::Startup => talk.lock().unwrap().application = message.application_name(),
                _ => {}
            }
            if held.is_none() && message.asks_commit() {
                held = shared.due(false);
            }
            out.extend_from_slice(&message.bytes);
        }
        if let Some(cut) = held {
            // The whole packet comes late: what the transaction writes, too.
            return Ok(End::HeldUp(cut, out));
        }
        server.write_all(&out).await?;
    }
}

/// From the server to the client.
async fn downward(
    shared: &Shared,
    talk: &Mutex<Talk>,
    mut server: tokio::net::unix::ReadHalf<'_>,
    mut client: tokio::net::tcp::WriteHalf<'_>,
) -> io::Result<End> {
    let mut frames = Frames::of(Speaker::Backend);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = server.read(&mut chunk).await?;
        if read == 0 {
            return Ok(End::Closed);
        }
        for _ in 0..std::mem::take(&mut talk.lock().unwrap().letters) {
            frames.expect_letter();
        }
        frames.push(&chunk[..read]);
        let mut out = Vec::with_capacity(read);
        while let Some(message) = frames.take_message()? {
            if message.is_commit_reply()
                && let Some(cut) = shared.due(true)
            {
                if matches!(cut.how, How::EatReply { answers_arrive: true }) {
                    client.write_all(&out).await?;
                }
                return Ok(End::Cut(cut));
            }
            out.extend_from_slice(&message.bytes);
        }
        client.write_all(&out).await?;
    }
}

/// Whether the server says that it has committed, before it has said all or left.
async fn commits(server: &mut UnixStream) -> io::Result<bool> {
    let mut frames = Frames::of(Speaker::Backend);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = server.read(&mut chunk).await?;
        if read == 0 {
            return Ok(false);
        }
        frames.push(&chunk[..read]);
        while let Some(message) = frames.take_message()? {
            if message.is_commit_reply() {
                return Ok(true);
            }
            if matches!(message.kind, Kind::Typed(b'E')) {
                return Ok(false);
            }
        }
    }
}
