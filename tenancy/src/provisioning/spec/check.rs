//! What a specification may say. Nothing is stored before all of it holds.

use std::collections::HashSet;

use kernel::Mode;
use keyring::KeyReference;

use super::{IssuerSpec, MemberSpec, TenantSpec};
use crate::{
    identity::{IssuerUrl, is_allowed_algorithm},
    provisioning::Refusal,
};

/// Roles a member can have from the start. Roles the tenant defines come later, by the tenant.
pub const MEMBER_ROLES: [&str; 5] = ["owner", "admin", "operator", "analyst", "read_only"];
/// Most members in a specification.
const MEMBERS_MAX: usize = 100;
const NAME_CHARACTERS_MAX: usize = 200;
const PLAN_LENGTH_MAX: usize = 31;
const AUDIENCE_LENGTH_MAX: usize = 200;
const CLAIM_LENGTH_MAX: usize = 100;
const SUBJECT_LENGTH_MAX: usize = 255;

/// What depends on the installation.
#[derive(Clone, Copy, Debug)]
pub struct SpecRules {
    /// Whether an issuer on this machine may be reached without TLS.
    pub allow_http_issuers: bool,
}

/// A specification that says nothing it may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provisioning) struct CheckedSpec {
    spec: TenantSpec,
    issuer: IssuerUrl,
}

impl CheckedSpec {
    /// Checks everything that needs no look at the database, the issuer or the KMS. `at` is put in front of the names of
    /// fields: empty, or `tenants[3]` for an item of a list.
    pub(in crate::provisioning) fn try_new(spec: TenantSpec, rules: SpecRules, at: &str) -> Result<Self, Refusal> {
        let tenant = spec.slug.to_string();
        check(&spec, rules).map(|issuer| Self { spec, issuer }).map_err(|refusal| within(refusal, at).about(tenant))
    }

    /// What it says.
    pub(in crate::provisioning) const fn spec(&self) -> &TenantSpec {
        &self.spec
    }

    /// What it says, by itself.
    pub(in crate::provisioning) fn into_spec(self) -> TenantSpec {
        self.spec
    }

    /// Its issuer.
    pub(in crate::provisioning) const fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }
}

/// Puts the path of the item in front of the field's.
pub(in crate::provisioning) fn within(mut refusal: Refusal, at: &str) -> Refusal {
    if !at.is_empty() {
        refusal.param = refusal.param.take().map(|param| {
            let (first, rest) = param.split_at(param.find('[').unwrap_or(param.len()));
            format!("{at}[{first}]{rest}")
        });
    }
    refusal
}

fn check(spec: &TenantSpec, rules: SpecRules) -> Result<IssuerUrl, Refusal> {
    let name = spec.name.trim();
    if name.is_empty() || name != spec.name || name.chars().count() > NAME_CHARACTERS_MAX || has_control(name) {
        let message = "A name has 1 to 200 characters, no control characters and no space at its ends.";
        return Err(Refusal::invalid("name_invalid", "name", message));
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let plan = &spec.plan;
    if !(2..=PLAN_LENGTH_MAX).contains(&plan.len())
        || !plan.bytes().all(allowed)
        || !plan.starts_with(|first: char| first.is_ascii_lowercase())
    {
        let message = "A plan has 2 to 31 lower-case letters, digits and underscores, starting with a letter.";
        return Err(Refusal::invalid("plan_invalid", "plan", message));
    }
    check_key_references(spec)?;
    let issuer = check_issuer(&spec.issuer, rules)?;
    check_members(&spec.members)?;
    Ok(issuer)
}

fn check_key_references(spec: &TenantSpec) -> Result<(), Refusal> {
    for mode in Mode::ALL {
        let Some(reference) = spec.own_key(mode) else { continue };
        KeyReference::try_new(spec.key_provider, reference).map_err(|error| {
            Refusal::invalid("key_reference_invalid", format!("key_reference[{mode}]"), format!("{error}."))
        })?;
    }
    if spec.own_key(Mode::Live).is_some() && spec.own_key(Mode::Live) == spec.own_key(Mode::Test) {
        let message = "Live and test need a key each: who may open the one must not open the other.";
        return Err(Refusal::invalid("key_reference_repeated", "key_reference[test]", message));
    }
    Ok(())
}

fn check_issuer(issuer: &IssuerSpec, rules: SpecRules) -> Result<IssuerUrl, Refusal> {
    let url = IssuerUrl::parse(&issuer.url, rules.allow_http_issuers)
        .map_err(|error| Refusal::invalid("issuer_url_invalid", "issuer[url]", error.to_string()))?;
    for (param, audience) in
        [("issuer[audience_live]", &issuer.audience_live), ("issuer[audience_test]", &issuer.audience_test)]
    {
        if !is_graphic(audience, AUDIENCE_LENGTH_MAX) {
            let message = "An audience has 1 to 200 printable ASCII characters and no spaces.";
            return Err(Refusal::invalid("audience_invalid", param, message));
        }
    }
    if issuer.audience_live == issuer.audience_test {
        let message = "The audiences decide between live and test, so they must differ.";
        return Err(Refusal::invalid("audiences_equal", "issuer[audience_test]", message));
    }
    if !is_graphic(&issuer.tenant_claim, CLAIM_LENGTH_MAX) {
        let message = "A claim's name has 1 to 100 printable ASCII characters and no spaces.";
        return Err(Refusal::invalid("tenant_claim_invalid", "issuer[tenant_claim]", message));
    }
    check_algorithms(&issuer.algorithms)?;
    Ok(url)
}

fn check_algorithms(algorithms: &[String]) -> Result<(), Refusal> {
    let param = "issuer[algorithms]";
    if algorithms.is_empty() {
        return Err(Refusal::invalid("algorithms_missing", param, "At least one signature algorithm is needed."));
    }
    let mut seen = HashSet::new();
    for (index, algorithm) in algorithms.iter().enumerate() {
        let param = format!("{param}[{index}]");
        if !is_allowed_algorithm(algorithm) {
            let message = "This signature algorithm is not accepted: only asymmetric ones are, such as RS256.";
            return Err(Refusal::invalid("algorithm_not_allowed", param, message));
        }
        if !seen.insert(algorithm.as_str()) {
            return Err(Refusal::invalid("algorithm_repeated", param, "This algorithm is named twice."));
        }
    }
    Ok(())
}

fn check_members(members: &[MemberSpec]) -> Result<(), Refusal> {
    if members.len() > MEMBERS_MAX {
        let message = format!("A specification names at most {MEMBERS_MAX} members; the tenant adds the others.");
        return Err(Refusal::invalid("members_too_many", "members", message));
    }
    let mut seen = HashSet::new();
    for (index, member) in members.iter().enumerate() {
        let subject = &member.subject;
        if subject.is_empty() || subject.len() > SUBJECT_LENGTH_MAX || has_control(subject) {
            let message = "A subject has 1 to 255 bytes and no control characters: it is the `sub` of the tokens.";
            return Err(Refusal::invalid("subject_invalid", format!("members[{index}][subject]"), message));
        }
        if !MEMBER_ROLES.contains(&member.role.as_str()) {
            let message = format!("A member's role is one of {}.", MEMBER_ROLES.join(", "));
            return Err(Refusal::invalid("role_invalid", format!("members[{index}][role]"), message));
        }
        if !seen.insert(subject.as_str()) {
            let message = "This subject is named twice.";
            return Err(Refusal::invalid("subject_repeated", format!("members[{index}][subject]"), message));
        }
    }
    Ok(())
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn is_graphic(text: &str, length_max: usize) -> bool {
    (1..=length_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(change: impl FnOnce(&mut Value)) -> (String, String) {
        let mut spec = json!({
            "slug": "acme", "name": "Acme Ltd", "plan": "standard", "key_provider": "local",
            "issuer": {"url": "https://id.acme.example"}, "members": [{"subject": "ada", "role": "owner"}],
        });
        change(&mut spec);
        let spec: TenantSpec = serde_json::from_value(spec).unwrap();
        let refusal = CheckedSpec::try_new(spec, SpecRules { allow_http_issuers: false }, "").unwrap_err();
        assert_eq!(refusal.tenant.as_deref(), Some("acme"));
        (refusal.code.to_string(), refusal.param.clone().unwrap())
    }

    #[test]
    fn every_refusal_names_its_field() {
        let expect = |got: (String, String), code: &str, param: &str| assert_eq!(got, (code.into(), param.into()));
        expect(refused(|spec| spec["name"] = json!("")), "name_invalid", "name");
        expect(refused(|spec| spec["name"] = json!("x".repeat(201))), "name_invalid", "name");
        expect(refused(|spec| spec["name"] = json!("a\u{7}b")), "name_invalid", "name");
        expect(refused(|spec| spec["plan"] = json!("Gold!")), "plan_invalid", "plan");
        expect(
            refused(|spec| spec["issuer"]["url"] = json!("http://id.acme.example")),
            "issuer_url_invalid",
            "issuer[url]",
        );
        expect(
            refused(|spec| spec["issuer"]["audience_live"] = json!("urn:tessera:test")),
            "audiences_equal",
            "issuer[audience_test]",
        );
        expect(
            refused(|spec| spec["issuer"]["algorithms"] = json!(["RS256", "HS256"])),
            "algorithm_not_allowed",
            "issuer[algorithms][1]",
        );
        expect(
            refused(|spec| spec["issuer"]["algorithms"] = json!(["none"])),
            "algorithm_not_allowed",
            "issuer[algorithms][0]",
        );
        expect(refused(|spec| spec["issuer"]["algorithms"] = json!([])), "algorithms_missing", "issuer[algorithms]");
        expect(refused(|spec| spec["members"][0]["role"] = json!("staff_admin")), "role_invalid", "members[0][role]");
        expect(refused(|spec| spec["members"][0]["subject"] = json!("")), "subject_invalid", "members[0][subject]");
        expect(
            refused(|spec| {
                spec["members"] = json!([{"subject": "a", "role": "owner"}, {"subject": "a", "role": "admin"}]);
            }),
            "subject_repeated",
            "members[1][subject]",
        );
        expect(
            refused(|spec| spec["key_reference"] = json!({"live": "../../etc/passwd", "test": "env_1"})),
            "key_reference_invalid",
            "key_reference[live]",
        );
    }

    #[test]
    fn an_item_of_a_list_names_its_place() {
        let refusal = Refusal::invalid("x", "issuer[url]", "x");
        assert_eq!(within(refusal, "tenants[3]").param.as_deref(), Some("tenants[3][issuer][url]"));
        assert_eq!(within(Refusal::invalid("x", "name", "x"), "tenants[0]").param.as_deref(), Some("tenants[0][name]"));
    }
}
