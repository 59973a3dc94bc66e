//! A client that costs next to nothing, since it runs on the cores that it measures: HTTP/1.1 on connections that
//! stay open, without a pool's or a task's detours.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// One connection, driven by whoever waits for its answer.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Pin<Box<http1::Connection<TokioIo<TcpStream>, Full<Bytes>>>>,
}

/// Connections to one server with one credential, as many as there are requests at once.
pub(crate) struct Client {
    host: HeaderValue,
    authorization: HeaderValue,
    idle: Mutex<Vec<Connection>>,
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connect to the API")?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Box::pin(driver) })
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        let Self { sender, driver } = self;
        let answer = async {
            sender.ready().await?;
            let response = sender.send_request(request).await?;
            let status = response.status();
            hyper::Result::Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        tokio::select! {
            biased;
            answer = answer => Ok(answer?),
            ended = driver => {
                ended?;
                Err(anyhow::anyhow!("the API closed a connection"))
            }
        }
    }
}

impl Client {
    /// Opens so many connections.
    pub(crate) async fn open(address: SocketAddr, secret_key: &str, connections: usize) -> anyhow::Result<Self> {
        let mut idle = Vec::with_capacity(connections);
        for _ in 0..connections {
            idle.push(Connection::open(address).await?);
        }
        Ok(Self {
            host: HeaderValue::from_str(&address.to_string())?,
            authorization: HeaderValue::from_str(&format!("Bearer {secret_key}"))?,
            idle: Mutex::new(idle),
        })
    }

    /// The body of a success; anything else is an error.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Bytes> {
        self.send(self.request(Method::GET, path)?).await
    }

    /// The same for a write that may be repeated.
    pub(crate) async fn post(&self, path: &str, key: &str, body: String) -> anyhow::Result<Bytes> {
        let mut request = self.request(Method::POST, path)?;
        request.headers_mut().insert("idempotency-key", HeaderValue::from_str(key)?);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Full::from(body);
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str) -> anyhow::Result<Request<Full<Bytes>>> {
        let request = Request::builder().method(method).uri(path).header(HOST, self.host.clone());
        Ok(request.header(AUTHORIZATION, self.authorization.clone()).body(Full::default())?)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Bytes> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = idle().pop();
        let mut connection = connection.context("more requests at once than connections")?;
        let (status, body) = connection.exchange(request).await?;
        anyhow::ensure!(status == StatusCode::OK, "answered {status}: {}", String::from_utf8_lossy(&body));
        idle().push(connection);
        Ok(body)
    }
}
