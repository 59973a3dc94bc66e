//! Who lives in the demonstration: two tenants with their people, and the platform's staff.

use anyhow::Result;
use stack::{ClientSpec, IssuerSpec, SigningAlgorithm, UserSpec};

use super::state::State;

/// The issuer of the platform's staff.
pub(crate) const STAFF_ISSUER: &str = "staff";
/// The staff's user name.
pub(crate) const STAFF_USERNAME: &str = "staff-admin";
/// The program that provisions the tenants.
pub(crate) const STAFF_MACHINE: &str = "tessera-up";
/// The program through which people of a tenant sign in.
pub(crate) const WEB_CLIENT: &str = "tessera-web";
/// The CLI's own name at the staff's issuer.
const CLI_CLIENT: &str = "tessera-cli";

/// Somebody of a tenant.
pub(crate) struct Person {
    pub(crate) username: String,
    /// The role of a member; end users have none.
    pub(crate) role: Option<&'static str>,
}

/// A tenant of the demonstration.
pub(crate) struct DemoTenant {
    pub(crate) slug: &'static str,
    pub(crate) name: &'static str,
    pub(crate) algorithm: SigningAlgorithm,
}

/// The tenants; their keys differ in kind as well.
pub(crate) const TENANTS: [DemoTenant; 2] = [
    DemoTenant { slug: "acme", name: "Acme", algorithm: SigningAlgorithm::Rs256 },
    DemoTenant { slug: "globex", name: "Globex", algorithm: SigningAlgorithm::Es256 },
];

impl DemoTenant {
    /// An owner, somebody who may only look, and two end users.
    pub(crate) fn people(&self) -> [Person; 4] {
        let person = |suffix: &str, role| Person { username: format!("{}-{suffix}", self.slug), role };
        [
            person("owner", Some("owner")),
            person("viewer", Some("read_only")),
            person("buyer", None),
            person("seller", None),
        ]
    }

    /// The `sub` of one of its people.
    pub(crate) fn subject(&self, person: &Person) -> String {
        format!("{}|{}", self.slug, person.username)
    }
}

/// The name under which a person's password is kept.
pub(crate) fn password_key(username: &str) -> String {
    format!("password of {username}")
}

/// What the identity provider has to know.
pub(crate) fn issuers(state: &mut State) -> Result<Vec<IssuerSpec>> {
    let mut issuers = Vec::new();
    for tenant in &TENANTS {
        let mut issuer = IssuerSpec::tenant(tenant.slug, tenant.algorithm).client(ClientSpec::public(WEB_CLIENT));
        for person in tenant.people() {
            let password = state.secret(&password_key(&person.username))?;
            let user = UserSpec::new(&person.username, password);
            issuer = issuer.user(user.subject(tenant.subject(&person)).claim("tenant", tenant.slug));
        }
        issuers.push(issuer);
    }
    let staff = UserSpec::new(STAFF_USERNAME, state.secret(&password_key(STAFF_USERNAME))?);
    let machine = ClientSpec::machine(STAFF_MACHINE, state.secret(STAFF_MACHINE)?);
    issuers.push(
        IssuerSpec::staff(STAFF_ISSUER, SigningAlgorithm::Rs256)
            .user(staff.claim("staff_role", "staff_admin"))
            .client(ClientSpec::device(CLI_CLIENT))
            .client(machine.claim("staff_role", "staff_admin")),
    );
    Ok(issuers)
}
