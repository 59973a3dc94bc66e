//! The identity provider's configuration file.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::spec::IssuerSpec;
use crate::{
    error::{During, StackError},
    launch::Launch,
    project::Project,
    ready::Ready,
};

/// An identity provider that is configured and can be started.
#[derive(Debug, Clone)]
pub struct IdentityFiles {
    program: PathBuf,
    server: PathBuf,
    configuration: PathBuf,
    digest: String,
    addresses: BTreeMap<String, String>,
}

impl IdentityFiles {
    /// Writes the configuration into `directory`, unless it is there already. `ports` has one for every issuer's name.
    pub fn write(
        project: &Project,
        directory: &Path,
        issuers: &[IssuerSpec],
        ports: &BTreeMap<String, u16>,
        admin_token: &str,
    ) -> Result<Self, StackError> {
        let folder = project.root().join("dev/idp");
        if !folder.join("node_modules/oidc-provider").is_dir() {
            let remedy = "run `make setup`".to_owned();
            return Err(StackError::Missing { what: "the identity provider's packages".to_owned(), remedy });
        }
        let mut addresses = BTreeMap::new();
        for issuer in issuers {
            addresses.insert(issuer.name.clone(), format!("http://127.0.0.1:{}", port_of(issuer, ports)?));
        }
        let files = Self {
            program: project.node()?,
            server: folder.join("server.mjs"),
            configuration: directory.join("idp.json"),
            digest: digest(issuers, ports, admin_token),
            addresses,
        };
        if files.written_digest() != Some(files.digest.clone()) {
            let configuration = files.configuration(&folder, directory, issuers, ports, admin_token)?;
            write_private(&files.configuration, &configuration.to_string())?;
        }
        Ok(files)
    }

    /// How to start it.
    pub fn launch(&self, log: &Path) -> Launch {
        let last = self.addresses.values().map(|address| format!("{address}/.well-known/openid-configuration"));
        let launch = Launch::new("the identity provider", &self.program)
            .argument(&self.server)
            .argument("--config")
            .argument(&self.configuration)
            .environment("NODE_ENV", "production")
            .depends_on(&self.digest)
            .log_file(log);
        launch.ready(Ready::AllHttp(last.collect()))
    }

    /// An issuer's address, which is also its `iss`.
    pub fn issuer_url(&self, issuer: &str) -> Result<&str, StackError> {
        self.addresses.get(issuer).map(String::as_str).ok_or_else(|| unknown(issuer))
    }

    fn written_digest(&self) -> Option<String> {
        let text = fs::read_to_string(&self.configuration).ok()?;
        let written: Value = serde_json::from_str(&text).ok()?;
        Some(written.get("digest")?.as_str()?.to_owned())
    }

    fn configuration(
        &self,
        folder: &Path,
        directory: &Path,
        issuers: &[IssuerSpec],
        ports: &BTreeMap<String, u16>,
        admin_token: &str,
    ) -> Result<Value, StackError> {
        let passwords: Vec<&str> =
            issuers.iter().flat_map(|issuer| &issuer.users).map(|user| user.password.as_str()).collect();
        let mut hashes = hash_passwords(&self.program, folder, &passwords)?.into_iter();
        let mut configured = Vec::new();
        for issuer in issuers {
            let mut users = Vec::new();
            for user in &issuer.users {
                users.push(json!({
                    "username": user.username,
                    "password_scrypt": hashes.next(),
                    "sub": user.subject_at(&issuer.name),
                    "claims": user.claims,
                }));
            }
            let mut value = json!(issuer);
            if let Some(fields) = value.as_object_mut() {
                fields.insert("port".to_owned(), port_of(issuer, ports)?.into());
                fields.insert("users".to_owned(), users.into());
            }
            configured.push(value);
        }
        let state = directory.join("idp-state");
        Ok(json!({
            "digest": self.digest, "admin_token": admin_token, "state_directory": state, "issuers": configured
        }))
    }
}

pub(super) fn unknown(issuer: &str) -> StackError {
    StackError::Refused { action: "look up an issuer".to_owned(), answer: format!("there is none called {issuer}") }
}

fn port_of(issuer: &IssuerSpec, ports: &BTreeMap<String, u16>) -> Result<u16, StackError> {
    ports.get(&issuer.name).copied().ok_or_else(|| unknown(&issuer.name))
}

// Passwords are hashed with a new salt each time; this tells whether anything else has changed.
fn digest(issuers: &[IssuerSpec], ports: &BTreeMap<String, u16>, admin_token: &str) -> String {
    let passwords: Vec<&str> =
        issuers.iter().flat_map(|issuer| &issuer.users).map(|user| user.password.as_str()).collect();
    let text = json!([issuers, ports, admin_token, passwords]).to_string();
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
}

fn hash_passwords(node: &Path, folder: &Path, passwords: &[&str]) -> Result<Vec<String>, StackError> {
    let action = || "hash the passwords of the identity provider".to_owned();
    let mut child = Command::new(node)
        .arg(folder.join("hash-passwords.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .during(action)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(json!(passwords).to_string().as_bytes()).during(action)?;
    }
    let output = child.wait_with_output().during(action)?;
    serde_json::from_slice(&output.stdout).map_err(|_| StackError::Command {
        command: "node hash-passwords.mjs".to_owned(),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn write_private(path: &Path, text: &str) -> Result<(), StackError> {
    let action = || format!("write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).during(action)?;
    }
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path).during(action)?;
    file.write_all(text.as_bytes()).during(action)
}
