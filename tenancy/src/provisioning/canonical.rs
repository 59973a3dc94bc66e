//! One text for equal JSON, and hashes over it.

use aws_lc_rs::digest;
use serde_json::Value;

/// The value without spaces, the fields of every object in order of their names.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// SHA-256 of the canonical text.
pub(super) fn sha256(value: &Value) -> Vec<u8> {
    digest::digest(&digest::SHA256, text(value).as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_fields_does_not_matter_the_order_of_items_does() {
        assert_eq!(text(&json!({"b": [1, {"d": 1, "c": "\""}], "a": null})), r#"{"a":null,"b":[1,{"c":"\"","d":1}]}"#);
        assert_eq!(sha256(&json!({"a": 1, "b": 2})), sha256(&json!({"b": 2, "a": 1})));
        assert_ne!(sha256(&json!([1, 2])), sha256(&json!([2, 1])));
    }
}
