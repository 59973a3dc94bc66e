//! The directory at one moment: everything routable, found by what a credential carries.

use std::{collections::HashMap, sync::Arc};

use kernel::{EnvironmentId, IssuerId, Mode, Slug, TenantId};
use keyring::{KeyReference, KeyState};
use tracing::error;

use super::{
    issuer::{RegisteredIssuer, asymmetric},
    store::RouteRow,
};
use crate::Environment;

/// Everything routable at one moment. What is not in it does not exist, whatever the reason.
#[derive(Debug, Default)]
pub struct DirectorySnapshot {
    by_id: HashMap<EnvironmentId, Arc<Environment>>,
    by_locator: HashMap<String, Arc<Environment>>,
    issuers: HashMap<String, Arc<RegisteredIssuer>>,
    tenants: HashMap<String, TenantRoute>,
}

/// A tenant, who vouches for its people, and its environments.
#[derive(Debug)]
struct TenantRoute {
    issuer: IssuerId,
    live: Option<Arc<Environment>>,
    test: Option<Arc<Environment>>,
}

impl DirectorySnapshot {
    pub(super) fn from_rows(rows: Vec<RouteRow>) -> Self {
        let mut snapshot = Self::default();
        for row in rows {
            snapshot.add(&row);
        }
        snapshot
    }

    /// The environment of this identifier.
    pub fn by_id(&self, id: EnvironmentId) -> Option<&Arc<Environment>> {
        self.by_id.get(&id)
    }

    /// The environment whose API keys carry this locator.
    pub fn by_locator(&self, locator: &str) -> Option<&Arc<Environment>> {
        self.by_locator.get(locator)
    }

    /// The issuer of this exact URL.
    pub fn issuer(&self, url: &str) -> Option<&Arc<RegisteredIssuer>> {
        self.issuers.get(url)
    }

    /// The environment a token leads to: the tenant named by the claim, if this very issuer vouches for it.
    pub fn by_token(&self, issuer: IssuerId, slug: &str, mode: Mode) -> Option<&Arc<Environment>> {
        let tenant = self.tenants.get(slug).filter(|tenant| tenant.issuer == issuer)?;
        match mode {
            Mode::Live => tenant.live.as_ref(),
            Mode::Test => tenant.test.as_ref(),
        }
    }

    /// How many environments are routable.
    pub fn environments(&self) -> usize {
        self.by_locator.len()
    }

    /// How many issuers vouch for somebody.
    pub fn issuers(&self) -> usize {
        self.issuers.len()
    }

    fn add(&mut self, row: &RouteRow) {
        let Some(environment) = environment(row) else {
            error!(environment = %row.environment_id, "an active environment's row is not well-formed; it is not routed");
            return;
        };
        let environment = Arc::new(environment);
        let issuer = IssuerId::from_uuid(row.issuer_id);
        let tenant = self.tenants.entry(row.slug.clone()).or_insert(TenantRoute { issuer, live: None, test: None });
        let side = match environment.mode {
            Mode::Live => &mut tenant.live,
            Mode::Test => &mut tenant.test,
        };
        *side = Some(Arc::clone(&environment));
        self.issuers.entry(row.url.clone()).or_insert_with(|| Arc::new(registered_issuer(row)));
        self.by_id.insert(environment.id, Arc::clone(&environment));
        self.by_locator.insert(row.locator.clone(), environment);
    }
}

fn environment(row: &RouteRow) -> Option<Environment> {
    let mode: Mode = row.mode.parse().ok()?;
    let slug: Slug = row.slug.parse().ok()?;
    let provider = row.key_provider.as_deref()?.parse().ok()?;
    Some(Environment {
        id: EnvironmentId::from_uuid(row.environment_id),
        tenant: TenantId::from_uuid(row.tenant_id),
        slug,
        mode,
        locator: row.locator.clone(),
        schema: row.schema_name.parse().ok()?,
        key: KeyReference::try_new(provider, row.key_reference.as_deref()?).ok()?,
        key_state: key_state(row.key_state.as_deref()?)?,
    })
}

fn key_state(text: &str) -> Option<KeyState> {
    match text {
        "enabled" => Some(KeyState::Enabled),
        "disabled" => Some(KeyState::Disabled),
        // When it is due is known to the key's provider, not to the router.
        "pending_destruction" => Some(KeyState::PendingDestruction { due_at: None }),
        "destroyed" => Some(KeyState::Destroyed),
        _ => None,
    }
}

fn registered_issuer(row: &RouteRow) -> RegisteredIssuer {
    let algorithms = row.algorithms.iter().filter_map(|name| {
        let algorithm = asymmetric(name);
        if algorithm.is_none() {
            error!(issuer = %row.issuer_id, algorithm = %name, "an issuer lists an algorithm that is never accepted");
        }
        algorithm
    });
    RegisteredIssuer {
        id: IssuerId::from_uuid(row.issuer_id),
        url: row.url.clone(),
        audience_live: row.audience_live.clone(),
        audience_test: row.audience_test.clone(),
        tenant_claim: row.tenant_claim.clone(),
        algorithms: algorithms.collect(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row(slug: &str, mode: &str, issuer: u128) -> RouteRow {
        RouteRow {
            tenant_id: Uuid::from_u128(1),
            slug: slug.to_owned(),
            environment_id: Uuid::from_u128(2),
            mode: mode.to_owned(),
            locator: format!("{:0<12}", format!("{slug}{mode}")),
            schema_name: format!("t_{}_{mode}", "0".repeat(26)),
            key_provider: Some("local".to_owned()),
            key_reference: Some("env_1".to_owned()),
            key_state: Some("enabled".to_owned()),
            issuer_id: Uuid::from_u128(issuer),
            url: format!("https://issuer-{issuer}.example"),
            audience_live: "live".to_owned(),
            audience_test: "test".to_owned(),
            tenant_claim: "tenant".to_owned(),
            algorithms: vec!["HS256".to_owned(), "RS256".to_owned(), "none".to_owned()],
        }
    }

    #[test]
    fn a_tenant_is_found_only_through_its_own_issuer() {
        let snapshot = DirectorySnapshot::from_rows(vec![row("acme", "live", 1), row("globex", "live", 2)]);
        let (first, second) = (IssuerId::from_uuid(Uuid::from_u128(1)), IssuerId::from_uuid(Uuid::from_u128(2)));
        assert!(snapshot.by_token(first, "acme", Mode::Live).is_some());
        assert!(snapshot.by_token(first, "acme", Mode::Test).is_none());
        assert!(snapshot.by_token(first, "globex", Mode::Live).is_none());
        assert!(snapshot.by_token(second, "acme", Mode::Live).is_none());
    }

    #[test]
    fn symmetric_algorithms_in_a_row_are_ignored() {
        let snapshot = DirectorySnapshot::from_rows(vec![row("acme", "live", 1)]);
        let issuer = snapshot.issuer("https://issuer-1.example").unwrap();
        assert_eq!(issuer.algorithms, [jsonwebtoken::Algorithm::RS256]);
    }

    #[test]
    fn a_row_that_is_not_well_formed_is_not_routed() {
        let mut bad = row("acme", "live", 1);
        bad.schema_name = "public".to_owned();
        let mut keyless = row("acme", "test", 1);
        keyless.key_reference = None;
        let snapshot = DirectorySnapshot::from_rows(vec![bad, keyless]);
        assert_eq!((snapshot.environments(), snapshot.issuers()), (0, 0));
    }
}
