//! The bytes underneath: requests that could be read in two ways, and clients that drip.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::app::App;

pub async fn requests_that_could_be_read_in_two_ways_are_refused(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let authorization = format!("Authorization: {}", environment.member("owner").authorization().unwrap());
    let body = "{\"currency\":\"eur\"}";
    let hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let post = |headers: &str, body: &str| {
        format!(
            "POST /v1/wallets HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}"
        )
    };
    for (name, request) in [
        ("two lengths", post(&format!("Content-Length: {}\r\nContent-Length: 1", body.len()), body)),
        (
            "a length and chunks",
            post(
                &format!("Content-Length: {}\r\nTransfer-Encoding: chunked", body.len()),
                &format!("0\r\n\r\n{hidden}"),
            ),
        ),
        ("chunks that are not last", post("Transfer-Encoding: chunked, identity", &format!("0\r\n\r\n{hidden}"))),
        ("a length that is no number", post("Content-Length: +18", body)),
        ("a negative length", post("Content-Length: -1", body)),
        ("a line feed in a header", post("X-A: b\n c: d\r\nContent-Length: 0", "")),
        ("a space before the colon", post(&format!("Content-Length : {}", body.len()), body)),
        ("a chunk of a size that is no number", post("Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n")),
    ] {
        let mut stream = TcpStream::connect(stack.api.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        let _cut_or_still_waiting = timeout(Duration::from_secs(2), stream.read_to_string(&mut text)).await;
        let answers = text.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{name}: read as {answers} requests:\n{text}");
        assert!(!text.starts_with("HTTP/1.1 2"), "{name}: {text}");
    }
    assert_eq!(stack.database.count(&environment.schema, "wallet").await, 0);
}

/// Opens a connection, sends the start of a request and then a byte now and then. Answers how long it lived, and what
/// came back.
async fn drip(address: String, start: String, every: Duration) -> (Duration, String) {
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let began = Instant::now();
    let mut text = String::new();
    while began.elapsed() < Duration::from_secs(40) {
        let mut chunk = [0; 1_024];
        match timeout(every, stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(read)) => text.push_str(&String::from_utf8_lossy(&chunk[..read])),
            Err(_) => drop(stream.write_all(b"x").await),
        }
    }
    (began.elapsed(), text)
}

pub async fn clients_that_drip_are_cut_off_and_cost_nobody_else(app: App) {
    let stack = app.shared().await;
    let environment = app.tenant().await.test;
    let owner = environment.member("owner");
    let address = stack.api.address().to_owned();
    let headers = "GET /v1/wallets HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_owned();
    let body = format!(
        "POST /v1/wallets HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{\"currency\":\"",
        owner.authorization().unwrap()
    );
    let every = Duration::from_millis(500);
    let slow_headers = join_all((0..50).map(|_| tokio::spawn(drip(address.clone(), headers.clone(), every))));
    let slow_bodies = join_all((0..10).map(|_| tokio::spawn(drip(address.clone(), body.clone(), every))));
    let silent = join_all((0..50).map(|_| tokio::spawn(drip(address.clone(), String::new(), Duration::from_mins(1)))));
    let others = async {
        let began = Instant::now();
        let mut slowest = Duration::ZERO;
        while began.elapsed() < Duration::from_secs(8) {
            let sent = Instant::now();
            assert_eq!(owner.get("/v1/wallets").await.status, 200);
            slowest = slowest.max(sent.elapsed());
            sleep(Duration::from_millis(100)).await;
        }
        slowest
    };
    let (headers, bodies, silent, slowest) = tokio::join!(slow_headers, slow_bodies, silent, others);
    for (name, ends) in [("headers", headers), ("bodies", bodies), ("silence", silent)] {
        let ends: Vec<(Duration, String)> = ends.into_iter().map(Result::unwrap).collect();
        let longest = ends.iter().map(|end| end.0).max().unwrap();
        app.note(format!(
            "slow {name}: cut off after {longest:.1?} at the latest; others waited {slowest:.1?} at most"
        ));
        assert!(longest < Duration::from_secs(15), "slow {name} lived {longest:?}");
        for (_, text) in ends.iter().filter(|_| name == "bodies") {
            assert!(text.contains("408") && text.contains("body_timeout"), "{text}");
        }
    }
    assert!(slowest < Duration::from_secs(2), "others waited {slowest:?}");
    assert_eq!(stack.database.count(&environment.schema, "wallet").await, 0);
}
