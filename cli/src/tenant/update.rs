//! `tessera tenant update`

use clap::Args;
use serde_json::{Map, Value};

use super::{
    change,
    specification::{Member, members, set},
};
use crate::{
    arguments::{TenantArgument, WaitArguments, WriteArguments},
    failure::Failure,
    output::Document,
    session::Session,
    write::Undertaking,
};

/// Arguments of `tenant update`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    tessera tenant update acme --plan premium --reason 'upgraded'\n  \
    tessera tenant update acme --member 'auth0|42=operator' --dry-run")]
pub(crate) struct UpdateArguments {
    #[command(flatten)]
    tenant: TenantArgument,
    #[command(flatten)]
    changes: ChangeArguments,
    #[command(flatten)]
    write: WriteArguments,
    #[command(flatten)]
    wait: WaitArguments,
}

/// What can be changed later.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
#[command(next_help_heading = "Changes")]
struct ChangeArguments {
    /// Name for people
    #[arg(long)]
    name: Option<String>,
    /// Plan, such as standard
    #[arg(long)]
    plan: Option<String>,
    /// A member to add or give another role, such as 'auth0|42=operator'; may be repeated
    #[arg(long, value_name = "SUBJECT=ROLE")]
    member: Vec<Member>,
    /// Audience of tokens for the live environment
    #[arg(long, value_name = "URI")]
    audience_live: Option<String>,
    /// Audience of tokens for the test environment
    #[arg(long, value_name = "URI")]
    audience_test: Option<String>,
    /// Allowed signature algorithm, such as RS256; may be repeated
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: Vec<String>,
}

impl ChangeArguments {
    fn body(&self) -> Value {
        let mut fields = Map::new();
        set(&mut fields, "name", self.name.as_ref());
        set(&mut fields, "plan", self.plan.as_ref());
        let members = members(None, &self.member);
        if !members.is_empty() {
            fields.insert("members".to_owned(), Value::Array(members));
        }
        let mut issuer = Map::new();
        set(&mut issuer, "audience_live", self.audience_live.as_ref());
        set(&mut issuer, "audience_test", self.audience_test.as_ref());
        if !self.algorithm.is_empty() {
            issuer.insert("algorithms".to_owned(), self.algorithm.clone().into());
        }
        if !issuer.is_empty() {
            fields.insert("issuer".to_owned(), Value::Object(issuer));
        }
        Value::Object(fields)
    }
}

/// Changes what was named and leaves the rest.
pub(super) async fn run(arguments: &UpdateArguments, session: &Session) -> Result<Document, Failure> {
    let slug = &arguments.tenant.slug;
    let undertaking = Undertaking::new(format!("/tenants/{slug}"), arguments.changes.body());
    change(session, slug, undertaking, (&arguments.write, &arguments.wait)).await
}
