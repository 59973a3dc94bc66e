//! The proxy by itself: how it reads the protocol, and what its cuts do to a transaction.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use stack::Postgres;

use super::POSTING;
use crate::app::{
    App,
    proxy::{
        Cut, Done, How, Proxy,
        frames::{Frames, Kind, Message, Speaker},
    },
    random::Random,
    until::until,
};

fn typed(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind], length.as_slice(), body].concat()
}

fn untyped(code: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [length.as_slice(), &code.to_be_bytes(), body].concat()
}

/// Feeds the bytes in packets of these lengths, over and over, and answers all messages.
fn read(frames: &mut Frames, bytes: &[u8], mut next_length: impl FnMut() -> usize) -> Vec<Message> {
    let (mut rest, mut messages) = (bytes, Vec::new());
    while !rest.is_empty() {
        let (packet, later) = rest.split_at(next_length().clamp(1, rest.len()));
        rest = later;
        frames.push(packet);
        while let Some(message) = frames.take_message().unwrap() {
            messages.push(message);
        }
    }
    messages
}

pub async fn a_commit_is_found_in_whatever_packets_it_comes(app: App) {
    let wire = [
        typed(b'1', b""),
        typed(b'2', b""),
        // Data that looks like what is looked for.
        typed(b'D', &[b"\0\x01\0\0\0\x0c".as_slice(), &typed(b'C', b"COMMIT\0")].concat()),
        typed(b'C', b"INSERT 0 3\0"),
        typed(b'C', b"COMMIT\0"),
        typed(b'Z', b"I"),
        typed(b'C', b"ROLLBACK\0"),
        typed(b'D', &vec![7; 40_000]),
        typed(b'C', b"COMMIT\0"),
    ]
    .concat();
    let whole = read(&mut Frames::of(Speaker::Backend), &wire, || usize::MAX);
    let commits = |messages: &[Message]| -> Vec<usize> {
        (0..messages.len()).filter(|place| messages[*place].is_commit_reply()).collect()
    };
    assert_eq!((whole.len(), commits(&whole)), (9, vec![4, 8]));
    assert_eq!(whole.iter().flat_map(|message| message.bytes.clone()).collect::<Vec<_>>(), wire, "no byte is lost");
    for length in 1..40 {
        assert_eq!(read(&mut Frames::of(Speaker::Backend), &wire, || length), whole, "in packets of {length}");
    }
    let mut random = app.random();
    for _ in 0..200 {
        let split = read(&mut Frames::of(Speaker::Backend), &wire, || random.below(30));
        assert_eq!(split, whole);
    }
    // An end in the middle of a message is no message.
    let mut frames = Frames::of(Speaker::Backend);
    assert_eq!(read(&mut frames, &wire[..wire.len() - 1], || 11).len(), 8);
    frames.push(&wire[wire.len() - 1..]);
    assert!(frames.take_message().unwrap().unwrap().is_commit_reply());
    // What cannot be the protocol is said to be so.
    for length in [0_u32, 3, u32::MAX] {
        let mut frames = Frames::of(Speaker::Backend);
        frames.push(&[&b"C"[..], &length.to_be_bytes()].concat());
        frames.take_message().unwrap_err();
    }
}

pub async fn encryption_is_asked_for_before_the_first_typed_message(app: App) {
    let parameters = b"user\0tessera_app\0application_name\0tessera posting\0\0";
    let statements: [(&[u8], bool); 6] = [
        (b"COMMIT\0", true),
        (b" commit ; \0", true),
        (b"BEGIN; SELECT 1; COMMIT\0", true),
        (b"BEGIN; ROLLBACK; RESET ROLE; RESET ALL\0", false),
        (b"SELECT 'COMMIT'\0", false),
        (b"COMMIT; BEGIN\0", false),
    ];
    let mut wire =
        [untyped(80_877_103, b""), untyped(80_877_104, b""), untyped(3 << 16, parameters), typed(b'p', b"secret\0")]
            .concat();
    for (text, _) in statements {
        wire.extend(typed(b'Q', text));
    }
    wire.extend(typed(b'P', b"s1\0COMMIT\0\0\0"));
    wire.extend(typed(b'P', b"COMMIT\0SELECT 1\0\0\0"));
    let mut random: Random = app.random();
    for round in 0..200 {
        let messages =
            read(&mut Frames::of(Speaker::Frontend), &wire, || if round == 0 { wire.len() } else { random.below(20) });
        let kinds: Vec<Kind> = messages[..4].iter().map(|message| message.kind).collect();
        assert_eq!(kinds, [Kind::AsksEncryption, Kind::AsksEncryption, Kind::Startup, Kind::Typed(b'p')]);
        assert_eq!(messages[2].application_name().as_deref(), Some("tessera posting"));
        let asks: Vec<bool> = messages[4..].iter().map(Message::asks_commit).collect();
        let expected: Vec<bool> = statements.iter().map(|(_, asks)| *asks).chain([true, false]).collect();
        assert_eq!(asks, expected);
    }
    // The server's refusals to encrypt are letters without a length.
    let mut frames = Frames::of(Speaker::Backend);
    frames.expect_letter();
    frames.expect_letter();
    let messages = read(&mut frames, &[b"NN".as_slice(), &typed(b'R', &[0; 4])].concat(), || 1);
    let kinds: Vec<Kind> = messages.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, [Kind::Letter, Kind::Letter, Kind::Typed(b'R')]);
    let mut frames = Frames::of(Speaker::Frontend);
    frames.push(&untyped(80_877_102, &[0; 8]));
    assert_eq!(frames.take_message().unwrap().unwrap().kind, Kind::Cancel);
}

pub async fn a_proxied_transaction_loses_its_reply_and_not_its_effect(app: App) {
    let postgres = Postgres::throwaway().await.unwrap();
    let socket = postgres.socket_directory().join(format!(".s.PGSQL.{}", postgres.port()));
    let proxy = Proxy::open(socket, POSTING).await;
    let mut direct = PgConnection::connect(&postgres.admin_url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE cut (id integer)").execute(&mut direct).await.unwrap();
    let mut url = reqwest::Url::parse(&postgres.admin_url()).unwrap();
    url.set_port(Some(proxy.port())).unwrap();
    url.query_pairs_mut().append_pair("application_name", POSTING);

    let cut = |how, after, reset| proxy.order(Cut { after, how, reset });
    insert(&url, 1).await.unwrap();
    cut(How::EatReply { answers_arrive: true }, 0, false);
    insert(&url, 2).await.unwrap_err();
    cut(How::EatReply { answers_arrive: false }, 1, true);
    insert(&url, 3).await.unwrap();
    insert(&url, 4).await.unwrap_err();
    assert_eq!(ids(&mut direct).await, [1, 2, 3, 4], "whose reply was eaten is there");
    cut(How::HoldUp { pause: Duration::from_millis(300) }, 0, false);
    insert(&url, 5).await.unwrap_err();
    assert_eq!(ids(&mut direct).await, [1, 2, 3, 4], "what is held up has not happened");
    until(Duration::from_secs(10), || async { proxy.done().late_commits == 1 }).await;
    assert_eq!(ids(&mut direct).await, [1, 2, 3, 4, 5], "it happens after its client was told that it was cut");
    insert(&url, 6).await.unwrap();
    assert_eq!(proxy.done(), Done { eaten: 2, held_up: 1, elsewhere: 0, late_commits: 1 });
    app.note("2 replies eaten, 1 commit held up, 3 transactions passed unharmed");
}

async fn insert(url: &reqwest::Url, id: i32) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url.as_str()).await?;
    let mut tx = connection.begin().await?;
    sqlx::query("INSERT INTO cut VALUES ($1)").bind(id).execute(&mut *tx).await?;
    tx.commit().await
}

async fn ids(connection: &mut PgConnection) -> Vec<i32> {
    sqlx::query_scalar("SELECT id FROM cut ORDER BY id").fetch_all(connection).await.unwrap()
}
