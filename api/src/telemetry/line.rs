//! A line of the log: one JSON object, written from front to back.
//!
//! The form is that of `tracing_subscriber`'s own JSON, fields of the event at the top and those of its span under
//! `span`. That one keeps a span's fields as a finished object, which it parses and writes anew whenever a field
//! comes to be known and once more for each line. Here they are kept as the inside of an object, to which more is
//! simply added.

use std::fmt::{self, Write};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::Record,
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    registry::LookupSpan,
};

/// Records of the `log` crate come with fields of their own about where they were made.
const LOG_PREFIX: &str = "log.";
/// The one of these that says which module it was.
const LOG_TARGET: &str = "log.target";

/// Writes events as lines.
pub(super) struct JsonLine;

/// Writes fields as `"name":value,`, again and again.
pub(super) struct SpanFields;

impl<'w> FormatFields<'w> for SpanFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members::new(&mut writer);
        fields.record(&mut members);
        members.outcome
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\",", metadata.level())?;
        let mut members = Members::new(&mut writer);
        event.record(&mut members);
        let Members { outcome, target, .. } = members;
        outcome?;
        writer.write_str("\"target\":")?;
        write_json(&mut writer, target.as_deref().unwrap_or(metadata.target()))?;
        let span = event.parent().and_then(|id| context.span(id)).or_else(|| context.lookup_current());
        if let Some(span) = span {
            writer.write_str(",\"span\":{")?;
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(&fields.fields)?;
            }
            writer.write_str("\"name\":")?;
            write_json(&mut writer, span.name())?;
            writer.write_char('}')?;
        }
        writer.write_str("}\n")
    }
}

/// Members of an object, each with a comma behind it.
struct Members<'a> {
    writer: &'a mut dyn Write,
    outcome: fmt::Result,
    target: Option<String>,
}

impl<'a> Members<'a> {
    fn new(writer: &'a mut dyn Write) -> Self {
        Self { writer, outcome: Ok(()), target: None }
    }

    fn add(&mut self, field: &Field, write: impl FnOnce(&mut dyn Write) -> fmt::Result) {
        if self.outcome.is_ok() && !field.name().starts_with(LOG_PREFIX) {
            self.outcome = self.member(field.name(), write);
        }
    }

    fn member(&mut self, name: &str, write: impl FnOnce(&mut dyn Write) -> fmt::Result) -> fmt::Result {
        // The macros write a name that is also a word of the language as `r#type`.
        write_json(self.writer, name.strip_prefix("r#").unwrap_or(name))?;
        self.writer.write_char(':')?;
        write(self.writer)?;
        self.writer.write_char(',')
    }
}

impl Visit for Members<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, |writer| write!(writer, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, |writer| write!(writer, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, |writer| write!(writer, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == LOG_TARGET {
            self.target = Some(value.to_owned());
        }
        self.add(field, |writer| write_json(writer, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, |writer| {
            writer.write_char('"')?;
            write!(Escaped(writer), "{value:?}")?;
            writer.write_char('"')
        });
    }
}

/// Text inside of quotes.
struct Escaped<'a>(&'a mut dyn Write);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|character: char| matches!(character, '"' | '\\' | '\0'..' ')) {
            let (plain, from_here) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut characters = from_here.chars();
            match characters.next() {
                Some('"') => self.0.write_str("\\\"")?,
                Some('\\') => self.0.write_str("\\\\")?,
                Some('\n') => self.0.write_str("\\n")?,
                Some(control) => write!(self.0, "\\u{:04x}", u32::from(control))?,
                None => {}
            }
            rest = characters.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Text with its quotes.
fn write_json(writer: &mut dyn Write, text: &str) -> fmt::Result {
    writer.write_char('"')?;
    Escaped(writer).write_str(text)?;
    writer.write_char('"')
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};
    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Kept {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    /// The lines that are logged meanwhile, without their times.
    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let layer = tracing_subscriber::fmt::layer().event_format(JsonLine).fmt_fields(SpanFields);
        let subscriber = tracing_subscriber::registry().with(layer.with_writer(kept.clone()));
        tracing::subscriber::with_default(subscriber, work);
        let bytes = kept.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        let parse = |line: &str| -> Value {
            let mut line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
            line
        };
        text.lines().map(parse).collect()
    }

    #[test]
    fn a_line_has_the_fields_of_the_event_and_those_of_its_span_the_later_ones_included() {
        let lines = logged(|| {
            let span = tracing::info_span!("request", route = "/v1/wallets", tenant = tracing::field::Empty);
            span.record("tenant", tracing::field::display("shop"));
            span.in_scope(|| tracing::info!(status = 200, slow = false, "answered"));
        });
        let target = module_path!();
        let span = json!({"route": "/v1/wallets", "tenant": "shop", "name": "request"});
        let expected = json!({"level": "INFO", "status": 200, "slow": false, "message": "answered", "target": target, "span": span});
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn a_line_without_a_span_has_none_and_no_text_breaks_out_of_its_quotes() {
        let nasty = "a \"quote\", a \\, a\nline, a \u{1} and \u{e9}\u{1f600}";
        let lines = logged(|| tracing::warn!(text = nasty, shown = %nasty, r#type = ?Some(nasty), "{nasty}"));
        let debug = format!("{:?}", Some(nasty));
        let expected = json!({
            "level": "WARN", "text": nasty, "shown": nasty, "type": debug, "message": nasty, "target": module_path!(),
        });
        assert_eq!(lines, [expected]);
    }
}
