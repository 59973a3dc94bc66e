//! The keyring against scripted and real key services.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says where")]

mod aws_contexts;
mod aws_states;
mod blind_index;
mod breaker;
mod cache;
mod environment;
mod life;
mod limits;
mod local;
mod rotation;
mod scripted;
mod sealing;
mod spawned;
mod vault;
