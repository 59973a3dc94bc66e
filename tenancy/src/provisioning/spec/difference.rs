//! What lies between the specification that is stored and the one that is asked for.

use serde_json::Value;

use super::{MemberSpec, TenantSpec};
use crate::provisioning::{Change, Refusal};

/// A field that decides who the tenant is, and so cannot change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provisioning) struct ImmutableField(pub(in crate::provisioning) &'static str);

impl From<ImmutableField> for Refusal {
    fn from(field: ImmutableField) -> Self {
        Self::conflict("field_immutable", format!("`{}` of a tenant cannot change.", field.0)).with_param(field.0)
    }
}

/// The changes that lead from `stored` to `wanted`, in a fixed order. Members that `wanted` does not name are left
/// alone: the tenant manages its people itself.
pub(in crate::provisioning) fn differences(
    stored: &TenantSpec,
    wanted: &TenantSpec,
) -> Result<Vec<Change>, ImmutableField> {
    let (before, after) = (&stored.issuer, &wanted.issuer);
    let fixed = [
        ("slug", stored.slug == wanted.slug),
        ("key_provider", stored.key_provider == wanted.key_provider),
        ("key_reference", stored.key_reference == wanted.key_reference),
        ("issuer[url]", before.url == after.url),
        ("issuer[shared]", before.shared == after.shared),
        ("issuer[tenant_claim]", before.tenant_claim == after.tenant_claim),
    ];
    if let Some((field, _)) = fixed.into_iter().find(|(_, same)| !same) {
        return Err(ImmutableField(field));
    }
    let fields: [(&str, Value, Value); 5] = [
        ("name", stored.name.as_str().into(), wanted.name.as_str().into()),
        ("plan", stored.plan.as_str().into(), wanted.plan.as_str().into()),
        ("issuer[audience_live]", before.audience_live.as_str().into(), after.audience_live.as_str().into()),
        ("issuer[audience_test]", before.audience_test.as_str().into(), after.audience_test.as_str().into()),
        ("issuer[algorithms]", before.algorithms.clone().into(), after.algorithms.clone().into()),
    ];
    let change = || Change::of("update", stored.slug.as_str());
    let mut changes: Vec<Change> = fields
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(field, from, to)| change().field(field, from, to))
        .collect();
    for member in &wanted.members {
        let known = role_of(&stored.members, &member.subject);
        if known != Some(member.role.as_str()) {
            let field = format!("members[{}]", member.subject);
            changes.push(change().field(field, known.map_or(Value::Null, Value::from), member.role.as_str()));
        }
    }
    Ok(changes)
}

/// What is stored after the change: as `wanted`, with the members of both.
pub(in crate::provisioning) fn merged(stored: &TenantSpec, wanted: &TenantSpec) -> TenantSpec {
    let mut spec = wanted.clone();
    let kept = stored.members.iter().filter(|member| role_of(&wanted.members, &member.subject).is_none()).cloned();
    spec.members = kept.chain(wanted.members.iter().cloned()).collect();
    spec
}

fn role_of<'a>(members: &'a [MemberSpec], subject: &str) -> Option<&'a str> {
    members.iter().find(|member| member.subject == subject).map(|member| member.role.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(change: impl FnOnce(&mut Value)) -> TenantSpec {
        let mut spec = json!({
            "slug": "acme", "name": "Acme", "key_provider": "local", "issuer": {"url": "https://id.acme.example"},
            "members": [{"subject": "ada", "role": "owner"}],
        });
        change(&mut spec);
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn equal_specifications_do_not_differ_and_left_out_members_stay() {
        let stored = spec(|_| ());
        assert_eq!(differences(&stored, &stored), Ok(Vec::new()));
        let wanted = spec(|spec| spec["members"] = json!([]));
        assert_eq!(differences(&stored, &wanted), Ok(Vec::new()));
        assert_eq!(merged(&stored, &wanted).members, stored.members);
    }

    #[test]
    fn every_difference_is_one_change() {
        let wanted = spec(|spec| {
            spec["plan"] = json!("gold");
            spec["members"] = json!([{"subject": "ada", "role": "admin"}, {"subject": "bob", "role": "owner"}]);
        });
        let fields: Vec<_> =
            differences(&spec(|_| ()), &wanted).unwrap().into_iter().map(|change| change.field.unwrap()).collect();
        assert_eq!(fields, ["plan", "members[ada]", "members[bob]"]);
    }

    #[test]
    fn what_makes_the_tenant_is_fixed() {
        let wanted = spec(|spec| spec["issuer"]["url"] = json!("https://other.example"));
        assert_eq!(differences(&spec(|_| ()), &wanted), Err(ImmutableField("issuer[url]")));
    }
}
