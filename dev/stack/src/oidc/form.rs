//! Reading the forms of the identity provider's pages, which are simple and ours.

/// A form as shown: where it goes, and its fields with the values they came with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    /// The form with this id, if the page has it.
    pub(super) fn find(html: &str, id: &str) -> Option<Self> {
        let (tag, content) = html
            .split("<form ")
            .skip(1)
            .filter_map(|text| text.split_once('>'))
            .find(|(tag, _)| attribute(tag, "id").as_deref() == Some(id))?;
        let content = content.split("</form>").next().unwrap_or_default();
        let fields = content
            .split("<input")
            .skip(1)
            .filter_map(|text| text.split_once('>'))
            .filter_map(|(tag, _)| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
            .collect();
        Some(Self { action: attribute(tag, "action")?, fields })
    }

    /// Fills in a field.
    pub(super) fn fill(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The message that a page shows to the person, if it shows one.
pub(super) fn alert(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("role=\"alert\">")?;
    rest.split_once('<').map(|(text, _)| unescape(text))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let padded = format!(" {}", tag.replace('\n', " "));
    let (_, rest) = padded.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| unescape(value))
}

// The ampersand last: an escaped entity must not become one.
fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<p role="alert">Wrong &amp; refused</p><form id="other" action="/no"></form>
<form id="login" method="post" action="/go?a=1&amp;b=2"><input type="hidden" name="xsrf" value="a&quot;b"/>
<input id="username" name="username" required></form><input name="outside">"#;

    #[test]
    fn finds_a_form_with_its_hidden_fields() {
        let form = Form::find(PAGE, "login").unwrap().fill("username", "ada");
        assert_eq!(form.action, "/go?a=1&b=2");
        let expected = [("xsrf", "a\"b"), ("username", "ada")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(form.fields, expected);
        assert_eq!(Form::find(PAGE, "absent"), None);
    }

    #[test]
    fn reads_the_message_for_the_person() {
        assert_eq!(alert(PAGE).as_deref(), Some("Wrong & refused"));
        assert_eq!(alert("<p>fine</p>"), None);
    }
}
