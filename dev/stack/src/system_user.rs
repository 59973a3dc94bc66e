//! Under whose account a server runs that refuses to run as root.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use crate::error::{During, StackError};

/// Accounts to choose from when we are root; the first one that exists is taken.
const ACCOUNTS: [&str; 3] = ["postgres", "daemon", "nobody"];

/// An account of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SystemUser {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl SystemUser {
    /// The account to change to: one when we are root, none otherwise.
    pub(crate) fn instead_of_root() -> Result<Option<Self>, StackError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").during(|| "read the machine's accounts".to_owned())?;
        let found = ACCOUNTS.iter().find_map(|name| parse_account(&accounts, name));
        found.map(Some).ok_or_else(|| StackError::Missing {
            what: "an account that Postgres can run under".to_owned(),
            remedy: "it refuses to run as root: run this as an ordinary user".to_owned(),
        })
    }

    /// Gives the file or folder to this account.
    pub(crate) fn own(&self, path: &Path) -> Result<(), StackError> {
        chown(path, Some(self.uid), Some(self.gid)).during(|| format!("give {} to {}", path.display(), self.name))
    }

    /// Whether this account can walk down to `path`. Supplementary groups are left out: a plain no is safe.
    pub(crate) fn can_reach(&self, path: &Path) -> io::Result<bool> {
        for folder in path.canonicalize()?.ancestors() {
            let metadata = fs::metadata(folder)?;
            let execute = match (metadata.uid() == self.uid, metadata.gid() == self.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            if metadata.mode() & execute == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn parse_account(accounts: &str, name: &str) -> Option<SystemUser> {
    accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(|fields| {
        let matches = fields.first() == Some(&name);
        let number = |index: usize| fields.get(index)?.parse().ok();
        matches.then_some(())?;
        Some(SystemUser { name: name.to_owned(), uid: number(2)?, gid: number(3)? })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn reads_an_account() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/var/lib/postgresql:/bin/sh\n";
        let expected = SystemUser { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(parse_account(accounts, "postgres"), Some(expected));
        assert_eq!(parse_account(accounts, "nobody"), None);
    }

    #[test]
    fn a_private_folder_of_somebody_else_is_out_of_reach() {
        let directory = tempfile::tempdir().unwrap();
        let stranger = SystemUser { name: "stranger".to_owned(), uid: 4_000_000, gid: 4_000_000 };
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!stranger.can_reach(directory.path()).unwrap());
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(stranger.can_reach(directory.path()).unwrap(), stranger.can_reach(&std::env::temp_dir()).unwrap());
    }
}
