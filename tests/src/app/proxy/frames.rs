//! The messages of the Postgres wire protocol, put together from whatever packets they come in.

use std::io;

/// Longest message, in bytes: a length beyond it is not the protocol.
const MESSAGE_LENGTH_MAX: usize = 64 * 1024 * 1024;
/// Bytes of a length, which counts itself.
const LENGTH_BYTES: usize = 4;
/// Codes of the messages that have a length and no type: they come before anything else.
const CODE_CANCEL: u32 = 80_877_102;
const CODE_TLS: u32 = 80_877_103;
const CODE_GSS: u32 = 80_877_104;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The client, whose first messages have no type.
    Frontend,
    /// The server.
    Backend,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The client asks for encryption; the server answers in one letter.
    AsksEncryption,
    /// The client names itself; everything after it has a type.
    Startup,
    /// The client wants another connection's statement cancelled; nothing follows.
    Cancel,
    /// The server's one letter.
    Letter,
    /// A message of this type.
    Typed(u8),
}

/// A whole message, with everything that was on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub kind: Kind,
    pub bytes: Vec<u8>,
}

impl Message {
    /// Whether the server says that it has committed.
    pub fn is_commit_reply(&self) -> bool {
        self.kind == Kind::Typed(b'C') && self.bytes.get(1 + LENGTH_BYTES..) == Some(b"COMMIT\0")
    }

    /// Whether the client asks to commit: a statement of its own, or the last of several in one text.
    pub fn asks_commit(&self) -> bool {
        let text = match self.kind {
            Kind::Typed(b'Q') => self.bytes.get(1 + LENGTH_BYTES..),
            // `Parse`: the statement's name, then its text.
            Kind::Typed(b'P') => {
                let body = self.bytes.get(1 + LENGTH_BYTES..).unwrap_or_default();
                body.iter().position(|byte| *byte == 0).and_then(|end| body.get(end + 1..))
            }
            _ => None,
        };
        let text = text.unwrap_or_default().split(|byte| *byte == 0).next().unwrap_or_default();
        let mut statements = text.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let last = statements.rfind(|statement| !statement.is_empty());
        last.is_some_and(|last| last.eq_ignore_ascii_case(b"COMMIT"))
    }

    /// What the client calls itself.
    pub fn application_name(&self) -> Option<String> {
        if self.kind != Kind::Startup {
            return None;
        }
        let mut words = self.bytes.get(2 * LENGTH_BYTES..)?.split(|byte| *byte == 0);
        loop {
            let (name, value) = (words.next()?, words.next()?);
            if name == b"application_name" {
                return Some(String::from_utf8_lossy(value).into_owned());
            }
        }
    }
}

/// One direction of a connection: bytes in, whole messages out.
#[derive(Debug)]
pub struct Frames {
    speaker: Speaker,
    /// Whether the next message has no type.
    untyped: bool,
    /// How many single letters the server owes.
    letters: usize,
    waiting: Vec<u8>,
    /// How much of `waiting` was handed out.
    taken: usize,
}

impl Frames {
    pub const fn of(speaker: Speaker) -> Self {
        Self { speaker, untyped: matches!(speaker, Speaker::Frontend), letters: 0, waiting: Vec::new(), taken: 0 }
    }

    /// Bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.waiting.drain(..self.taken);
        self.taken = 0;
        self.waiting.extend_from_slice(bytes);
    }

    /// The client has asked for encryption: the server's next byte is an answer by itself.
    pub const fn expect_letter(&mut self) {
        self.letters += 1;
    }

    /// The next whole message, if it is there.
    pub fn take_message(&mut self) -> io::Result<Option<Message>> {
        let Some(first) = self.ahead().first().copied() else { return Ok(None) };
        if self.letters > 0 {
            self.letters -= 1;
            return Ok(Some(self.take(Kind::Letter, 1)));
        }
        let type_bytes = usize::from(!self.untyped);
        let Some(length) = self.number_at(type_bytes) else { return Ok(None) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(LENGTH_BYTES..=MESSAGE_LENGTH_MAX).contains(&length) {
            let what = format!("{:?} sends a message of {length} bytes", self.speaker);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        if self.ahead().len() < type_bytes + length {
            return Ok(None);
        }
        let kind = if self.untyped { self.untyped_kind() } else { Kind::Typed(first) };
        if kind == Kind::Startup {
            self.untyped = false;
        }
        Ok(Some(self.take(kind, type_bytes + length)))
    }

    fn untyped_kind(&self) -> Kind {
        match self.number_at(LENGTH_BYTES) {
            Some(CODE_TLS | CODE_GSS) => Kind::AsksEncryption,
            Some(CODE_CANCEL) => Kind::Cancel,
            _ => Kind::Startup,
        }
    }

    fn ahead(&self) -> &[u8] {
        &self.waiting[self.taken..]
    }

    fn number_at(&self, offset: usize) -> Option<u32> {
        let bytes = self.ahead().get(offset..offset + LENGTH_BYTES)?;
        Some(u32::from_be_bytes(bytes.try_into().expect("four bytes")))
    }

    fn take(&mut self, kind: Kind, length: usize) -> Message {
        let bytes = self.ahead()[..length].to_vec();
        self.taken += length;
        Message { kind, bytes }
    }
}
