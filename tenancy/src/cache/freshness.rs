//! Age, by a clock that may be set back.

use time::{Duration, OffsetDateTime};

/// Whether `now` lies in the `span` that began at `since`.
///
/// A time before `since` lies outside it: when the machine's clock is set back, what was remembered
/// counts as old and what was forbidden counts as allowed again, instead of either lasting for years.
pub(crate) fn is_within(now: OffsetDateTime, since: OffsetDateTime, span: Duration) -> bool {
    let age = now - since;
    !age.is_negative() && age < span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_begins_with_its_first_instant_and_ends_before_its_last() {
        let since = OffsetDateTime::UNIX_EPOCH + Duration::hours(1);
        let span = Duration::seconds(10);
        assert!(is_within(since, since, span));
        assert!(is_within(since + Duration::seconds(9), since, span));
        assert!(!is_within(since + span, since, span));
        assert!(!is_within(since - Duration::seconds(1), since, span), "a clock set back ends the span");
    }
}
