//! The answer to a bulk of transfers: one line per item, in order.

use kernel::{RequestId, WalletTransferId};
use serde::Deserialize;
use thiserror::Error;
use uuid::Uuid;

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Carried out now.
    Done,
    /// Carried out by an earlier request.
    DoneBefore,
    /// Not carried out; the same item may well succeed in a moment.
    Passing(ItemError),
    /// Not carried out, for good.
    Refused(ItemError),
}

/// Why an item was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct ItemError {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    /// In words.
    pub(super) message: String,
}

/// The answer is not a line per item.
#[derive(Debug, Error)]
pub(super) enum AnswerError {
    /// It was cut off.
    #[error("the answer ended after {lines} of {items} lines")]
    Torn {
        /// How many came.
        lines: usize,
        /// How many should have.
        items: usize,
    },
    /// It says something else.
    #[error("line {line} of the answer is not the outcome of an item: {why}")]
    Strange {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
struct Line {
    index: usize,
    #[serde(flatten)]
    outcome: LineOutcome,
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
enum LineOutcome {
    Succeeded { wallet_transfer: Transfer },
    Failed { error: ItemError },
}

#[derive(Deserialize)]
struct Transfer {
    id: WalletTransferId,
}

impl ItemError {
    /// The code, or the type where there is none.
    pub(super) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or(&self.kind)
    }

    fn is_passing(&self) -> bool {
        self.kind == "api_error" || self.code() == "idempotency_key_in_use"
    }
}

/// Reads the outcomes of so many items, which were sent as this request. The answer to a repeated item is the one it
/// had before, word for word; that it is older shows in its id.
pub(super) fn outcomes(body: &[u8], items: usize, request: Option<RequestId>) -> Result<Vec<Outcome>, AnswerError> {
    let is_older = |transfer: &Transfer| {
        request.is_some_and(|request| milliseconds(transfer.id.as_uuid()) < milliseconds(request.as_uuid()))
    };
    // A line without its end was cut off, even where it looks whole.
    let whole = body.iter().rposition(|byte| *byte == b'\n').and_then(|end| body.get(..end)).unwrap_or_default();
    let mut outcomes = Vec::with_capacity(items);
    for (number, text) in whole.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()).enumerate() {
        let strange = |why: String| AnswerError::Strange { line: number + 1, why };
        let line: Line = serde_json::from_slice(text).map_err(|error| strange(error.to_string()))?;
        if line.index != number || number >= items {
            return Err(strange(format!("it is about item {}", line.index)));
        }
        outcomes.push(match line.outcome {
            LineOutcome::Succeeded { wallet_transfer } if is_older(&wallet_transfer) => Outcome::DoneBefore,
            LineOutcome::Succeeded { .. } => Outcome::Done,
            LineOutcome::Failed { error } if error.is_passing() => Outcome::Passing(error),
            LineOutcome::Failed { error } => Outcome::Refused(error),
        });
    }
    if outcomes.len() == items { Ok(outcomes) } else { Err(AnswerError::Torn { lines: outcomes.len(), items }) }
}

/// When an id was made: the first 48 bits of a UUID of version 7.
const fn milliseconds(id: Uuid) -> u128 {
    id.as_u128() >> 80
}

#[cfg(test)]
mod tests {
    use kernel::{FixedClock, SeededEntropy};

    use super::*;

    const DONE: &str = r#"{"index":0,"status":"succeeded","wallet_transfer":{"id":"wtr_01jb3v8z4q5t6w7x8y9zabcdef"}}"#;

    #[test]
    fn every_line_is_an_outcome() {
        let at = |seconds: i64| FixedClock::new(1_700_000_000 + seconds);
        let entropy = SeededEntropy::new(1);
        let request = RequestId::generate(&at(0), &entropy);
        let done = |index: usize, seconds| {
            let id = WalletTransferId::generate(&at(seconds), &entropy);
            format!(r#"{{"index":{index},"status":"succeeded","wallet_transfer":{{"id":"{id}","amount":1}}}}"#)
        };
        let text = [
            done(0, 0),
            done(1, 7),
            done(2, -1),
            r#"{"index":3,"status":"failed","error":{"type":"invalid_request_error","code":"insufficient_funds","message":"m"}}"#.to_owned(),
            r#"{"index":4,"status":"failed","error":{"type":"api_error","code":"busy","message":"m"}}"#.to_owned(),
            String::new(),
        ];
        let found = outcomes(text.join("\n").as_bytes(), 5, Some(request)).unwrap();
        assert_eq!(found[..3], [Outcome::Done, Outcome::Done, Outcome::DoneBefore]);
        assert!(matches!(&found[3], Outcome::Refused(error) if error.code() == "insufficient_funds"));
        assert!(matches!(&found[4], Outcome::Passing(error) if error.code() == "busy"));
    }

    #[test]
    fn a_torn_answer_is_no_answer() {
        for (text, items) in [("", 1), (DONE, 1), (&format!("{DONE}\n"), 2)] {
            assert!(matches!(outcomes(text.as_bytes(), items, None), Err(AnswerError::Torn { .. })), "{text}");
        }
        for text in [format!("{DONE}\n{DONE}\n"), "[]\n".to_owned(), r#"{"index":0}"#.to_owned() + "\n"] {
            assert!(matches!(outcomes(text.as_bytes(), 2, None), Err(AnswerError::Strange { .. })), "{text}");
        }
    }
}
