//! Shapes for the description alone.
//!
//! Requests are read into the control plane's own types, which know nothing of HTTP and its descriptions. These say
//! the same to `/openapi.json`; a test compares the names of their fields.
#![expect(dead_code, reason = "the description is derived from these types, no value of them is ever made")]

use utoipa::ToSchema;

/// A whole tenant: the body of a request to create one, and an item of a file of tenants.
#[derive(ToSchema)]
pub struct TenantSpecification {
    /// Short name: 3 to 40 lower-case letters, digits and single inner hyphens; never changes.
    #[schema(example = "acme")]
    slug: String,
    /// Display name.
    #[schema(example = "Acme Ltd")]
    name: String,
    /// Commercial plan.
    #[schema(required = false, default = "standard")]
    plan: String,
    /// Which KMS holds its keys: `local`, `aws` or `vault`; never changes.
    #[schema(example = "local")]
    key_provider: String,
    /// KMS keys that the merchant brings; for an environment without one the provider makes one.
    key_reference: Option<KeyReferences>,
    /// Who vouches for its people.
    issuer: Issuer,
    /// Members of both environments from the start.
    #[schema(required = false)]
    members: Vec<Member>,
}

/// KMS keys that the merchant brings.
#[derive(ToSchema)]
pub struct KeyReferences {
    /// Of the live environment.
    live: Option<String>,
    /// Of the test environment.
    test: Option<String>,
}

/// Something in a ledger that is not as it must be.
#[derive(ToSchema)]
pub struct LedgerFinding {
    /// `balance`, `sequence`, `running_balance`, `held`, `currency`, `account` or `zero_sum`.
    check: String,
    /// On which account, where it is about one.
    account: Option<String>,
    /// In which currency, where that is known.
    currency: Option<String>,
    /// At which of the account's entries: the first that is wrong.
    sequence: Option<i64>,
    /// What should be there, in minor units where it is money.
    expected: String,
    /// What is there.
    found: String,
}

/// A token issuer and how its tokens are read.
#[derive(ToSchema)]
pub struct Issuer {
    /// The `iss` of its tokens, exactly; never changes.
    #[schema(example = "https://id.acme.example")]
    url: String,
    /// Whether several tenants use it; never changes.
    #[schema(required = false, default = false)]
    shared: bool,
    /// The `aud` that means live.
    #[schema(required = false, default = "urn:tessera:live")]
    audience_live: String,
    /// The `aud` that means test.
    #[schema(required = false, default = "urn:tessera:test")]
    audience_test: String,
    /// The claim that names the tenant by its slug; never changes.
    #[schema(required = false, default = "tenant")]
    tenant_claim: String,
    /// The signature algorithms accepted from it.
    #[schema(required = false, example = json!(["RS256"]))]
    algorithms: Vec<String>,
}

/// A member of both environments.
#[derive(ToSchema)]
pub struct Member {
    /// The `sub` at the tenant's issuer.
    subject: String,
    /// `owner`, `admin`, `operator`, `analyst` or `read_only`.
    #[schema(example = "owner")]
    role: String,
}

/// What to change of a tenant; what is absent stays.
#[derive(ToSchema)]
pub struct TenantChanges {
    /// Display name.
    name: Option<String>,
    /// Commercial plan.
    plan: Option<String>,
    /// Members to add, or whose role to change.
    members: Option<Vec<Member>>,
    /// How the issuer's tokens are read.
    issuer: Option<IssuerChanges>,
}

/// What to change of an own issuer; what is absent stays.
#[derive(ToSchema)]
pub struct IssuerChanges {
    /// The `aud` that means live.
    audience_live: Option<String>,
    /// The `aud` that means test.
    audience_test: Option<String>,
    /// The signature algorithms accepted from it.
    algorithms: Option<Vec<String>>,
}

/// A difference, in a plan or a dry run.
#[derive(ToSchema)]
pub struct Change {
    /// `create`, `update`, `suspend`, …
    action: String,
    /// The tenant's slug.
    tenant: String,
    /// Which field, where it is one.
    field: Option<String>,
    /// What it is.
    from: Option<serde_json::Value>,
    /// What it becomes.
    to: Option<serde_json::Value>,
}

/// A saved plan: exactly what `POST /platform/v1/plans` answered.
#[derive(ToSchema)]
pub struct Plan {
    /// Always `plan`.
    object: String,
    /// The platform's revision when the plan was made.
    base_revision: i64,
    /// What would be done, in the order of the specifications.
    changes: Vec<Change>,
    /// SHA-256 over the rest.
    #[schema(example = "sha256:…")]
    checksum: String,
    /// What was asked for.
    specs: Vec<TenantSpecification>,
}

/// Which API keys are wanted.
#[derive(ToSchema)]
pub struct ApiKeyRotationWish {
    /// `live` or `test`; both when absent.
    mode: Option<String>,
    /// For how long keys of the same name go on, at most 30 days.
    #[schema(required = false, default = 86400)]
    overlap_seconds: u64,
    /// What the keys are called; keys of other names are left alone.
    #[schema(required = false, default = "default")]
    name: String,
    /// What they may: a built-in role.
    #[schema(required = false, default = "admin")]
    role: String,
    /// Make keys only where there is none of that name.
    #[schema(required = false, default = false)]
    only_if_none: bool,
}

/// What is to be brought forward, and how.
#[derive(ToSchema)]
pub struct MigrationWish {
    /// Slugs; all tenants when absent.
    tenants: Option<Vec<String>>,
    /// How many environments at once, 1 to 16.
    #[schema(required = false, default = 4)]
    parallel: usize,
    /// How many environments first; if one of them fails, the others are left alone.
    #[schema(required = false, default = 1)]
    canary: usize,
    /// The version to stop at; the newest when absent.
    version_max: Option<String>,
}

/// Why an operation or a step failed.
#[derive(ToSchema)]
pub struct Failure {
    /// What programs branch on.
    code: String,
    /// What went wrong.
    message: String,
    /// The field at fault.
    param: Option<String>,
    /// How to mend it.
    hint: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};
    use tenancy::provisioning::{ApiKeyRotationRequest, MigrationRequest, Plan as RealPlan, TenantSpec, TenantUpdate};
    use utoipa::PartialSchema;

    use super::*;

    fn described<T: PartialSchema>() -> BTreeSet<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    fn names(value: &Value) -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_description_names_the_fields_that_are_read() {
        let spec = json!({
            "slug": "acme", "name": "Acme", "plan": "gold", "key_provider": "aws",
            "key_reference": {"live": "a", "test": "b"},
            "issuer": {"url": "https://id.acme.example", "shared": false, "audience_live": "l", "audience_test": "t",
                       "tenant_claim": "c", "algorithms": ["RS256"]},
            "members": [{"subject": "s", "role": "owner"}],
        });
        // Read and written again: exactly the fields that the control plane knows.
        let spec = json!(serde_json::from_value::<TenantSpec>(spec).unwrap());
        assert_eq!(described::<TenantSpecification>(), names(&spec));
        assert_eq!(described::<KeyReferences>(), names(&spec["key_reference"]));
        assert_eq!(described::<Issuer>(), names(&spec["issuer"]));
        assert_eq!(described::<Member>(), names(&spec["members"][0]));

        let update = json!({"name": "n", "plan": "p", "members": [], "issuer":
            {"audience_live": "l", "audience_test": "t", "algorithms": []}});
        let update = json!(serde_json::from_value::<TenantUpdate>(update).unwrap());
        assert_eq!(described::<TenantChanges>(), names(&update));
        assert_eq!(described::<IssuerChanges>(), names(&update["issuer"]));

        let plan = json!({"base_revision": 1, "checksum": "x", "specs": [], "changes":
            [{"action": "a", "tenant": "t", "field": null, "from": null, "to": null}]});
        let plan = json!(serde_json::from_value::<RealPlan>(plan).unwrap());
        let mut with_object = names(&plan);
        with_object.insert("object".to_owned());
        assert_eq!(described::<Plan>(), with_object);
        assert_eq!(described::<Change>(), names(&plan["changes"][0]));

        let rotation = json!(serde_json::from_value::<ApiKeyRotationRequest>(json!({})).unwrap());
        assert_eq!(described::<ApiKeyRotationWish>(), names(&rotation));
        assert_eq!(described::<MigrationWish>(), names(&json!(MigrationRequest::default())));
    }
}
