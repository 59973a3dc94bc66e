//! Finding the server's programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::error::StackError;

/// Oldest major version that the project supports.
const MAJOR_MIN: u32 = 15;
/// Where Debian and Ubuntu keep one folder per version.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// The folder with `initdb`, `postgres` and `psql`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresBinaries {
    directory: PathBuf,
    major: u32,
}

impl PostgresBinaries {
    /// What `pg_config` names if a server is there, else the newest of Debian's versioned folders.
    pub fn find() -> Result<Self, StackError> {
        let mut versioned: Vec<Self> = fs::read_dir(DEBIAN_VERSIONS)
            .into_iter()
            .flatten()
            .filter_map(|entry| at(&entry.ok()?.path().join("bin")))
            .collect();
        versioned.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
        configured().into_iter().chain(versioned).find(|binaries| binaries.major >= MAJOR_MIN).ok_or_else(|| {
            StackError::Missing {
                what: format!("a Postgres server, version {MAJOR_MIN} or newer,"),
                remedy: "run `make setup`".to_owned(),
            }
        })
    }

    /// The server's major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

// Some machines have `pg_config` with the client library alone, so the folder it names is looked at, not trusted.
fn configured() -> Option<PostgresBinaries> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    at(Path::new(String::from_utf8_lossy(&output.stdout).trim()))
}

fn at(directory: &Path) -> Option<PostgresBinaries> {
    if !directory.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(directory.join("postgres")).arg("--version").output().ok()?;
    let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
    Some(PostgresBinaries { directory: directory.to_owned(), major })
}

// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, or `18beta1` in place of the number.
fn parse_major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("psql"), None);
    }

    #[test]
    fn a_folder_with_the_client_alone_is_no_server() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("psql"), "").unwrap();
        assert_eq!(at(directory.path()), None);
    }
}
