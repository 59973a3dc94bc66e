//! How this crate remembers what it read: for a stated time by the [`kernel::Clock`], in a stated
//! number of entries, with one read in flight for one question.

mod freshness;
mod read_through;
mod single_flight;

pub(crate) use freshness::is_within;
pub(crate) use read_through::ReadThrough;
pub(crate) use single_flight::SingleFlight;
