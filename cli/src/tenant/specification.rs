//! A tenant's specification from flags and files. What nobody said is mostly left to the server.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum, ValueHint};
use kernel::{Mode, Slug};
use serde_json::{Map, Value, json};

use crate::{document_file, failure::Failure};

/// The provider of a platform that has no other; where it is not configured the server says so.
const KEY_PROVIDER_DEFAULT: &str = "local";

/// Where an environment's KMS key lives.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeyProvider {
    /// A master key file of the platform
    Local,
    /// AWS KMS
    Aws,
    /// The transit engine of Vault or OpenBao
    Vault,
}

/// `SUBJECT=ROLE`
#[derive(Clone, Debug)]
pub(super) struct Member {
    subject: String,
    role: String,
}

impl FromStr for Member {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A subject may itself contain an equals sign; a role never does.
        match text.rsplit_once('=') {
            Some((subject, role)) if !subject.is_empty() && !role.is_empty() => {
                Ok(Self { subject: subject.to_owned(), role: role.to_owned() })
            }
            _ => Err("write SUBJECT=ROLE, such as `auth0|42=operator`".to_owned()),
        }
    }
}

/// `MODE=REFERENCE`
#[derive(Clone, Debug)]
struct KeyReference {
    mode: Mode,
    reference: String,
}

impl FromStr for KeyReference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || "write MODE=REFERENCE, such as `live=arn:aws:kms:…`".to_owned();
        let (mode, reference) = text.split_once('=').ok_or_else(wrong)?;
        let mode = mode.parse().map_err(|_| wrong())?;
        if reference.is_empty() { Err(wrong()) } else { Ok(Self { mode, reference: reference.to_owned() }) }
    }
}

/// What a tenant is to be.
#[derive(Debug, Args)]
#[command(next_help_heading = "Specification")]
pub(super) struct SpecificationArguments {
    /// Specification as YAML or JSON, `-` for stdin; flags win over it
    #[arg(long, short = 'f', value_name = "PATH", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Name for people [default: the slug]
    #[arg(long)]
    name: Option<String>,
    /// Plan [default: standard]
    #[arg(long)]
    plan: Option<String>,
    /// Where its KMS keys are made [default: local]
    #[arg(long, value_enum, value_name = "PROVIDER")]
    key_provider: Option<KeyProvider>,
    /// A KMS key of the tenant's own, per mode, such as live=arn:aws:kms:…
    #[arg(long, value_name = "MODE=REFERENCE")]
    key_reference: Vec<KeyReference>,
    #[command(flatten)]
    issuer: IssuerArguments,
    /// Subject, at that provider, of the tenant's first owner
    #[arg(long, value_name = "SUBJECT")]
    owner_subject: Option<String>,
    /// A member, such as 'auth0|42=operator'; may be repeated
    #[arg(long, value_name = "SUBJECT=ROLE")]
    member: Vec<Member>,
}

/// Who vouches for the tenant's people.
#[derive(Debug, Args)]
#[command(next_help_heading = "Specification")]
pub(super) struct IssuerArguments {
    /// URL of the tenant's OpenID provider
    #[arg(long, value_name = "URL")]
    issuer_url: Option<String>,
    /// The provider serves several tenants; its tokens name theirs
    #[arg(long)]
    shared_issuer: bool,
    /// Audience of tokens for the live environment
    #[arg(long, value_name = "URI")]
    audience_live: Option<String>,
    /// Audience of tokens for the test environment
    #[arg(long, value_name = "URI")]
    audience_test: Option<String>,
    /// Claim that names the tenant
    #[arg(long, value_name = "NAME")]
    tenant_claim: Option<String>,
    /// Allowed signature algorithm, such as RS256; may be repeated
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: Vec<String>,
}

impl SpecificationArguments {
    /// Puts file and flags together for the tenant `slug`.
    pub(super) fn specification(&self, slug: &Slug) -> Result<Value, Failure> {
        let mut fields = match &self.file {
            Some(path) => from_file(path, slug)?,
            None => Map::new(),
        };
        fields.insert("slug".to_owned(), json!(slug));
        set(&mut fields, "name", self.name.as_ref());
        set(&mut fields, "plan", self.plan.as_ref());
        let provider = self.key_provider.and_then(|provider| provider.to_possible_value());
        set(&mut fields, "key_provider", provider.map(|value| value.get_name().to_owned()).as_ref());
        for KeyReference { mode, reference } in &self.key_reference {
            set_in(&mut fields, "key_reference", mode.as_str(), json!(reference));
        }
        self.issuer.add_to(&mut fields);
        fields.entry("name").or_insert_with(|| json!(slug));
        fields.entry("key_provider").or_insert_with(|| json!(KEY_PROVIDER_DEFAULT));
        let members = members(self.owner_subject.as_deref(), &self.member);
        if !members.is_empty() {
            fields.insert("members".to_owned(), Value::Array(members));
        }
        Ok(Value::Object(fields))
    }
}

impl IssuerArguments {
    /// Writes what was said into `issuer`.
    pub(super) fn add_to(&self, fields: &mut Map<String, Value>) {
        let texts = [
            ("url", &self.issuer_url),
            ("audience_live", &self.audience_live),
            ("audience_test", &self.audience_test),
            ("tenant_claim", &self.tenant_claim),
        ];
        for (name, value) in texts {
            if let Some(text) = value {
                set_in(fields, "issuer", name, json!(text));
            }
        }
        if self.shared_issuer {
            set_in(fields, "issuer", "shared", json!(true));
        }
        if !self.algorithm.is_empty() {
            set_in(fields, "issuer", "algorithms", json!(self.algorithm));
        }
    }
}

/// The list of `members`, the owner first.
pub(super) fn members(owner_subject: Option<&str>, members: &[Member]) -> Vec<Value> {
    let owner = owner_subject.map(|subject| json!({ "subject": subject, "role": "owner" }));
    let others = members.iter().map(|member| json!({ "subject": member.subject, "role": member.role }));
    owner.into_iter().chain(others).collect()
}

/// Sets a field that was given.
pub(super) fn set(fields: &mut Map<String, Value>, name: &str, value: Option<&String>) {
    if let Some(text) = value {
        fields.insert(name.to_owned(), json!(text));
    }
}

/// Sets a field of the object `name`, which is made if need be.
fn set_in(fields: &mut Map<String, Value>, name: &str, field: &str, value: Value) {
    let entry = fields.entry(name.to_owned()).or_insert_with(|| json!({}));
    if !entry.is_object() {
        *entry = json!({});
    }
    if let Some(object) = entry.as_object_mut() {
        object.insert(field.to_owned(), value);
    }
}

/// One specification: the file's only one, or that of `slug` in a file of `tenants`.
fn from_file(path: &std::path::Path, slug: &Slug) -> Result<Map<String, Value>, Failure> {
    let origin = path.display();
    let refused =
        |why: String| Failure::usage(format!("{origin}: {why}")).parameter("--file").for_tenant(slug.as_str());
    let Value::Object(mut document) = document_file::read(path)? else {
        return Err(refused("a specification is a mapping".to_owned()));
    };
    let chosen = match document.remove("tenants") {
        Some(Value::Array(tenants)) => tenants
            .into_iter()
            .find(|tenant| tenant.get("slug").and_then(Value::as_str) == Some(slug.as_str()))
            .ok_or_else(|| refused(format!("no tenant has the slug `{slug}`")))?,
        Some(_) => return Err(refused("`tenants` must be a list".to_owned())),
        None => Value::Object(document),
    };
    let Value::Object(fields) = chosen else {
        return Err(refused("a specification is a mapping".to_owned()));
    };
    match fields.get("slug").map(Value::as_str) {
        None => Ok(fields),
        Some(named) if named == Some(slug.as_str()) => Ok(fields),
        Some(named) => Err(refused(format!("it is for `{}`, not for `{slug}`", named.unwrap_or("?")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_a_subject_and_a_role() {
        let member: Member = "auth0|a=b=owner".parse().unwrap();
        assert_eq!((member.subject.as_str(), member.role.as_str()), ("auth0|a=b", "owner"));
        assert!("auth0|42".parse::<Member>().is_err());
        assert!("=owner".parse::<Member>().is_err());
    }

    #[test]
    fn a_key_reference_names_its_mode() {
        let reference: KeyReference = "live=arn:aws:kms:eu:1:key/x=y".parse().unwrap();
        assert_eq!((reference.mode, reference.reference.as_str()), (Mode::Live, "arn:aws:kms:eu:1:key/x=y"));
        assert!("prod=x".parse::<KeyReference>().is_err());
    }
}
