//! The Casbin expression of a set of conditions.
//!
//! `eval` runs it as code, so no text of a tenant may enter it: amounts become sixteen digits,
//! currencies and countries codes of three and two known letters, hours numbers.

use super::Conditions;

/// An amount as text of fixed width, so that comparing the text compares the numbers: Casbin
/// builds Rhai with 32-bit integers, and an amount has up to 53 bits.
pub(crate) fn amount_text(minor: i64) -> String {
    format!("{minor:016}")
}

/// The expression over the request `r2`, or `None` without conditions. Each term compares a fact
/// positively, so a fact nobody supplied (Rhai's unit) makes it false.
pub(crate) fn expression(conditions: &Conditions) -> Option<String> {
    let mut terms = Vec::new();
    if let Some(max) = conditions.amount_max {
        terms.push(format!(r#"(r2.amount <= "{}")"#, amount_text(max.minor())));
    }
    if let Some(currencies) = &conditions.currency {
        terms.push(any_of("currency", currencies.iter().map(|currency| currency.code())));
    }
    if conditions.own {
        terms.push("(r2.own == true)".to_owned());
    }
    if let Some(hours) = conditions.hours {
        let joint = if hours.wraps() { "||" } else { "&&" };
        terms.push(format!("(r2.hour >= {} {joint} r2.hour < {})", hours.from(), hours.to()));
    }
    if let Some(countries) = &conditions.country {
        terms.push(any_of("country", countries.iter().map(|country| country.code().to_owned())));
    }
    if conditions.mfa {
        terms.push("(r2.mfa == true)".to_owned());
    }
    if terms.is_empty() { None } else { Some(terms.join(" && ")) }
}

fn any_of(attribute: &str, codes: impl Iterator<Item = String>) -> String {
    let choices = codes.map(|code| format!(r#"r2.{attribute} == "{code}""#)).collect::<Vec<_>>();
    format!("({})", choices.join(" || "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_consists_of_known_words_and_checked_constants() {
        let form = r#"{"amount_max":50000,"currency":["eur","usd"],"own":true,"hours":{"from":22,"to":6},"country":["de"],"mfa":true}"#;
        let conditions = serde_json::from_str::<Conditions>(form).unwrap();
        assert_eq!(
            expression(&conditions).unwrap(),
            r#"(r2.amount <= "0000000000050000") && (r2.currency == "eur" || r2.currency == "usd") && (r2.own == true) && (r2.hour >= 22 || r2.hour < 6) && (r2.country == "de") && (r2.mfa == true)"#
        );
        assert_eq!(expression(&Conditions::none()), None);
    }
}
