//! What `make up` chose once and keeps: ports, passwords, the tenants' keys.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use stack::{is_free, lasting_port, random_secret};

/// A tenant's secret keys, printed by the platform once.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SecretKeys {
    pub(crate) test: String,
    pub(crate) live: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Chosen {
    ports: BTreeMap<String, u16>,
    secrets: BTreeMap<String, String>,
    keys: BTreeMap<String, SecretKeys>,
}

/// The state file. Everything in it is chosen at first use and saved at once.
pub(crate) struct State {
    path: PathBuf,
    chosen: Chosen,
}

impl State {
    /// Reads the state, or begins with none.
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let path = directory.join("state.json");
        let chosen = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is damaged; `make clean` begins anew", path.display()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Chosen::default(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        Ok(Self { path, chosen })
    }

    /// The port of a server.
    pub(crate) fn port(&mut self, name: &str) -> Result<u16> {
        if let Some(port) = self.chosen.ports.get(name) {
            return Ok(*port);
        }
        let port = lasting_port()?;
        self.chosen.ports.insert(name.to_owned(), port);
        self.save()?;
        Ok(port)
    }

    /// The port of a server that does not run: another one than before if somebody has taken that.
    pub(crate) fn port_to_start_on(&mut self, name: &str) -> Result<u16> {
        if self.chosen.ports.get(name).is_some_and(|port| !is_free(*port)) {
            self.chosen.ports.remove(name);
        }
        self.port(name)
    }

    /// A password or token.
    pub(crate) fn secret(&mut self, name: &str) -> Result<String> {
        if let Some(secret) = self.chosen.secrets.get(name) {
            return Ok(secret.clone());
        }
        let secret = random_secret();
        self.chosen.secrets.insert(name.to_owned(), secret.clone());
        self.save()?;
        Ok(secret)
    }

    /// A tenant's secret keys, once it has some.
    pub(crate) fn keys(&self, slug: &str) -> Option<&SecretKeys> {
        self.chosen.keys.get(slug)
    }

    /// Keeps a tenant's secret keys.
    pub(crate) fn keep_keys(&mut self, slug: &str, keys: SecretKeys) -> Result<()> {
        self.chosen.keys.insert(slug.to_owned(), keys);
        self.save()
    }

    fn save(&self) -> Result<()> {
        write_private(&self.path, &serde_json::to_vec_pretty(&self.chosen)?)
    }
}

/// Replaces a file that only its owner may read; a killed run leaves the old one or the new one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || -> io::Result<()> {
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Keeps a second `up` or `down` waiting until this one is done.
pub(crate) fn lock(directory: &Path) -> Result<File> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let path = directory.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn what_was_chosen_stays_and_only_its_owner_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = State::open(directory.path()).unwrap();
        let (port, secret) = (state.port("redis").unwrap(), state.secret("redis").unwrap());
        let mut again = State::open(directory.path()).unwrap();
        assert_eq!(again.port("redis").unwrap(), port);
        assert_eq!(again.secret("redis").unwrap(), secret);
        let mode = fs::metadata(directory.path().join("state.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_port_taken_meanwhile_is_replaced_before_a_start() {
        let directory = tempfile::tempdir().unwrap();
        let mut state = State::open(directory.path()).unwrap();
        let port = state.port("redis").unwrap();
        assert_eq!(state.port_to_start_on("redis").unwrap(), port);
        let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert_eq!(state.port("redis").unwrap(), port);
        assert_ne!(state.port_to_start_on("redis").unwrap(), port);
    }

    #[test]
    fn a_damaged_state_is_named_with_the_way_out() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("state.json"), "{").unwrap();
        let message = State::open(directory.path()).err().unwrap().to_string();
        assert!(message.contains("state.json is damaged; `make clean` begins anew"), "{message}");
    }
}
