//! HTTP by hand over a bare connection: for clients that vanish, drip or send what no library would.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::random::Random;

/// Longest wait for an answer on a bare connection.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// An answer as it came over the wire.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// The bytes of a request; `headers` are whole lines.
pub fn request(method: &str, target: &str, headers: &[String], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        let length = body.len().to_string();
        text.push_str(&["Content-Type: application/json\r\nContent-Length: ", &length, "\r\n"].concat());
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// Sends part of a request, or all of it, and is gone: in order, or with a reset.
pub async fn send_and_vanish(address: &str, bytes: &[u8], random: &mut Random) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let whole = random.once_in(2);
    let length = if whole { bytes.len() } else { random.below(bytes.len()) };
    let _the_server_may_have_hung_up = stream.write_all(&bytes[..length]).await;
    match random.below(3) {
        0 => {}
        1 => sleep(Duration::from_micros(u64::try_from(random.below(6_000)).unwrap())).await,
        _ if whole => {
            // Part of the answer arrives, the rest finds nobody.
            let mut first = vec![0; 1 + random.below(64)];
            let _whatever_came = timeout(Duration::from_millis(20), stream.read(&mut first)).await;
        }
        _ => {}
    }
    if random.once_in(2) {
        stream.set_zero_linger().unwrap();
    }
}

/// Sends bytes and reads the one answer.
pub async fn exchange(address: &str, bytes: &[u8]) -> RawAnswer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let _the_server_may_have_answered_already = stream.write_all(bytes).await;
    read_answer(&mut stream).await
}

/// Reads one answer with a `Content-Length`, or up to the end of the connection.
pub async fn read_answer(stream: &mut TcpStream) -> RawAnswer {
    timeout(ANSWER_WITHIN, read_answer_whenever(stream)).await.expect("an answer in time")
}

async fn read_answer_whenever(stream: &mut TcpStream) -> RawAnswer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if length.is_some_and(|length| body.len() >= length) {
                return parse(head, body);
            }
        }
        let read = stream.read(&mut chunk).await.unwrap_or(0);
        if read == 0 {
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
            return parse(head, body);
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn parse(head: &str, body: &str) -> RawAnswer {
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    RawAnswer { status, head: head.to_owned(), body: body.to_owned() }
}
