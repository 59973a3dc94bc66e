//! With how many kinds of factors somebody signed in (claim `amr`, RFC 8176).

/// What a method proves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Knows,
    Has,
    Is,
}

/// The issuer says so (`mfa`), or lists methods of two kinds. Two methods of one kind, such as a password and a
/// PIN, are one factor; methods this list does not know prove nothing.
pub(super) fn is_multi_factor<'a>(methods: impl IntoIterator<Item = &'a str>) -> bool {
    let mut first = None;
    for method in methods {
        if method == "mfa" {
            return true;
        }
        match (kind(method), first) {
            (Some(kind), None) => first = Some(kind),
            (Some(kind), Some(other)) if kind != other => return true,
            _ => {}
        }
    }
    false
}

fn kind(method: &str) -> Option<Kind> {
    match method {
        "pwd" | "pin" | "kba" => Some(Kind::Knows),
        "hwk" | "swk" | "pop" | "otp" | "sms" | "tel" | "sc" => Some(Kind::Has),
        "fpt" | "face" | "iris" | "retina" | "vbm" => Some(Kind::Is),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_kinds_are_needed_or_the_issuers_word() {
        for (methods, expected) in [
            (vec![], false),
            (vec!["pwd"], false),
            (vec!["pwd", "pin"], false),
            (vec!["pwd", "user"], false),
            (vec!["otp", "sms"], false),
            (vec!["pwd", "otp"], true),
            (vec!["hwk", "fpt"], true),
            (vec!["unknown", "mfa"], true),
            (vec!["unknown", "other"], false),
        ] {
            assert_eq!(is_multi_factor(methods.iter().copied()), expected, "{methods:?}");
        }
    }
}
