//! `.tessera/stack.json`: where everything is and how to get in, for people and programs of this machine.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use stack::{Cluster, IdentityFiles, RedisFiles};

use super::{
    people::{DemoTenant, STAFF_ISSUER, STAFF_USERNAME, TENANTS, WEB_CLIENT, password_key},
    servers::{DATABASE, POSTGRES, Servers},
    state::{State, write_private},
};

/// Writes the file, for its owner alone; answers its path.
pub(crate) fn write(
    servers: &Servers,
    state: &mut State,
    (cluster, redis, identity): (&Cluster, &RedisFiles, &IdentityFiles),
) -> Result<PathBuf> {
    let mut tenants = Vec::new();
    for tenant in &TENANTS {
        tenants.push(describe(tenant, state, identity)?);
    }
    let password = state.secret(POSTGRES)?;
    let file = json!({
        "api": servers.api_url(),
        "console": format!("{}/console", servers.api_url()),
        "control": servers.control_url(),
        "postgres": cluster.url("postgres", &password, DATABASE),
        "redis": redis.url(),
        // Nothing sends mail yet.
        "mail": null,
        "staff": {
            "username": STAFF_USERNAME,
            "password": state.secret(&password_key(STAFF_USERNAME))?,
            "issuer": identity.issuer_url(STAFF_ISSUER)?,
        },
        "tenants": tenants,
    });
    let path = servers.project.state().join("stack.json");
    write_private(&path, &serde_json::to_vec_pretty(&file)?)?;
    Ok(path)
}

fn describe(tenant: &DemoTenant, state: &mut State, identity: &IdentityFiles) -> Result<Value> {
    let keys = state.keys(tenant.slug).context("a tenant has no keys")?.clone();
    let (mut members, mut end_users) = (Vec::new(), Vec::new());
    for person in tenant.people() {
        let password = state.secret(&password_key(&person.username))?;
        match person.role {
            Some(role) => members.push(json!({ "username": person.username, "password": password, "role": role })),
            None => end_users.push(json!({ "username": person.username, "password": password })),
        }
    }
    Ok(json!({
        "slug": tenant.slug,
        "test": { "secret_key": keys.test },
        "live": { "secret_key": keys.live },
        "issuer": identity.issuer_url(tenant.slug)?,
        "client_id": WEB_CLIENT,
        "members": members,
        "end_users": end_users,
    }))
}
