//! Bodies with one thing wrong, made from a good one.

use serde_json::{Map, Value};

/// What a field holds, which decides what is wrong for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    Text,
    /// Text in a form of its own: an id, a name, a role, an address.
    Word,
    /// Minor units.
    Amount,
    /// ISO 4217.
    Currency,
    /// True or false.
    Flag,
    /// An object.
    Map,
    /// A list.
    List,
    /// Text that nearly everything may stand in, but not control characters.
    Name,
}

/// A good body and what its fields are.
#[derive(Clone, Debug)]
pub struct Good {
    pub body: Value,
    /// Fields by JSON pointer.
    pub fields: Vec<(&'static str, Kind)>,
    /// Names of required fields at the top.
    pub required: Vec<&'static str>,
}

/// A body with one thing wrong.
#[derive(Clone, Debug)]
pub struct Bad {
    /// What is wrong.
    pub what: String,
    /// JSON text, or what pretends to be.
    pub text: String,
    /// What the refusal must name, or something around it.
    pub param: String,
}

/// Stands where the raw text goes.
const PLACEHOLDER: &str = "@@@";

const NEVER_TEXT: [&str; 5] = ["7", "true", "[]", "{}", "[\"a\"]"];
const HOSTILE_TEXT: [&str; 4] = [r#""a\u0000b""#, r#""\ud800""#, r#""\udc00\ud800 b""#, r#""bell\u0007""#];
const BAD_WORDS: [&str; 5] = [r#""""#, r#"" ""#, r#""a\";drop schema""#, r#""..%2f..""#, r#""\u0430dmin""#];
const BAD_AMOUNTS: [&str; 22] = [
    "0",
    "-1",
    "-0",
    "9223372036854775808",
    "9223372036854775807",
    "9007199254740992",
    "18446744073709551616",
    "-9223372036854775809",
    "1e3",
    "1E0",
    "1.0",
    "1.5",
    "0.1",
    "1e400",
    "\"1\"",
    "\"\"",
    "true",
    "null",
    "[1]",
    "{}",
    "\"NaN\"",
    "\"\u{661}\"",
];
const BAD_CURRENCIES: [&str; 11] =
    ["\"zzz\"", "\"EUR\"", "\"eu\"", "\"euro\"", "\"xau\"", "\"xxx\"", "\"\"", "7", "null", "[]", "\"\u{20ac}\""];

/// Every body with one thing wrong that follows from a good one.
pub fn bodies(good: &Good) -> Vec<Bad> {
    let mut bad = Vec::new();
    for (pointer, kind) in &good.fields {
        let param = bracketed(pointer);
        let raw: Vec<String> = match kind {
            Kind::Text => texts(&[&NEVER_TEXT, &HOSTILE_TEXT]),
            Kind::Word => texts(&[&NEVER_TEXT, &HOSTILE_TEXT, &BAD_WORDS]),
            Kind::Amount => texts(&[&BAD_AMOUNTS]),
            Kind::Currency => texts(&[&BAD_CURRENCIES, &HOSTILE_TEXT]),
            Kind::Flag => texts(&[&["\"true\"", "1", "[]", "{}", "\"\""]]),
            Kind::Map => texts(&[&["\"x\"", "1", "true", "[]", "[1]"]]),
            Kind::List => texts(&[&["\"x\"", "1", "true", "{}", "[1]", "[[]]"]]),
            Kind::Name => texts(&[&NEVER_TEXT, &HOSTILE_TEXT]),
        };
        let long = format!("\"{}\"", "x".repeat(10_000));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let deep_objects = format!("{}1{}", "{\"a\":".repeat(3_000), "}".repeat(3_000));
        let extreme = [long, deep, deep_objects].into_iter();
        for raw in raw.into_iter().chain(extreme) {
            let what = format!("{param} = {raw:.40}");
            bad.push(Bad { what, text: with(&good.body, pointer, &raw), param: param.clone() });
        }
    }
    bad.extend(shapes(good));
    bad
}

fn texts(lists: &[&[&str]]) -> Vec<String> {
    lists.iter().flat_map(|list| list.iter().map(|text| (*text).to_owned())).collect()
}

/// What is wrong with fields as such, and with the body as a whole.
fn shapes(good: &Good) -> Vec<Bad> {
    let fields = good.body.as_object().expect("a body is an object");
    let mut bad = Vec::new();
    let mut add = |what: String, text: String, param: &str| bad.push(Bad { what, text, param: param.to_owned() });
    for name in &good.required {
        let mut without: Map<String, Value> = fields.clone();
        without.shift_remove(*name);
        add(format!("without {name}"), Value::Object(without).to_string(), name);
    }
    let whole = good.body.to_string();
    let inside = whole.strip_prefix('{').and_then(|text| text.strip_suffix('}')).expect("an object");
    let comma = if inside.is_empty() { "" } else { "," };
    for (name, value) in [("nope", "1"), ("id", "\"x\""), ("livemode", "true"), ("balance", "1"), ("tenant", "\"x\"")] {
        add(format!("unknown field {name}"), format!("{{{inside}{comma}\"{name}\":{value}}}"), name);
    }
    if let Some((name, value)) = fields.iter().next() {
        add(format!("{name} twice"), format!("{{\"{name}\":{value},{inside}}}"), name);
    }
    for (what, text) in [
        ("broken off", whole[..whole.len() - 1].to_owned()),
        ("with something behind it", format!("{whole} {{}}")),
        ("a list", "[]".to_owned()),
        ("a text", "\"x\"".to_owned()),
        ("a number", "1".to_owned()),
        ("null", "null".to_owned()),
        ("no JSON", "amount=1&currency=eur".to_owned()),
        ("with a byte order mark", format!("\u{feff}{whole}")),
        ("with single quotes", whole.replace('"', "'")),
        ("lists without end", "[".repeat(100_000)),
        ("objects without end", "{\"a\":".repeat(20_000)),
    ] {
        if what == "with single quotes" && inside.is_empty() {
            continue;
        }
        // Broken inside its first field, the text may also be refused by that field's name.
        add(format!("the body is {what}"), text, if what == "objects without end" { "a" } else { "body" });
    }
    bad
}

/// The body with raw text in the place of a field.
fn with(body: &Value, pointer: &str, raw: &str) -> String {
    let mut body = body.clone();
    *body.pointer_mut(pointer).expect("the good body has the field") = PLACEHOLDER.into();
    body.to_string().replace(&format!("\"{PLACEHOLDER}\""), raw)
}

/// `/address/city` as the API writes it: `address[city]`.
fn bracketed(pointer: &str) -> String {
    let mut parts = pointer.trim_start_matches('/').split('/');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}[{part}]"))
}

/// Whether a refusal that names `param` names the field at `wanted`: itself, something around it, or inside it.
pub fn names(param: &str, wanted: &str) -> bool {
    param == wanted || wanted.starts_with(&format!("{param}[")) || param.starts_with(&format!("{wanted}["))
}
