//! Where a cluster's files and its socket can be.

use std::{
    env, fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use crate::{
    error::{During, StackError},
    system_user::SystemUser,
};

/// Longest path of a unix socket, in bytes; the system's limit is 108 with the final zero.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Makes the folder, for the server's account alone.
///
/// Root's own folders are closed to the account that the server runs under. Then the cluster lives in a shared place, and
/// a link in the folder that was asked for leads there.
pub(super) fn reachable_folder(folder: &Path, owner: Option<&SystemUser>) -> Result<PathBuf, StackError> {
    let made = |path: &Path| fs::create_dir_all(path).during(|| format!("make {}", path.display()));
    if folder.is_symlink() && !folder.exists() {
        fs::remove_file(folder).during(|| format!("remove the link {} to nowhere", folder.display()))?;
    }
    made(folder)?;
    let real = folder.canonicalize().during(|| format!("find {}", folder.display()))?;
    give(&real, owner)?;
    let Some(user) = owner else { return Ok(real) };
    if user.can_reach(&real).during(|| format!("look at {}", real.display()))? {
        return Ok(real);
    }
    let shared = PathBuf::from("/var/tmp").join(format!("tessera-{}", short_name(&real)));
    made(&shared)?;
    give(&shared, owner)?;
    fs::remove_dir(&real)
        .and_then(|()| symlink(&shared, &real))
        .during(|| format!("lead from {} to {}", real.display(), shared.display()))?;
    Ok(shared)
}

/// Makes the folder private to the server's account.
///
/// A folder in a shared temporary place may have been laid there by somebody else, or be a link to who knows where.
pub(super) fn give(folder: &Path, owner: Option<&SystemUser>) -> Result<(), StackError> {
    let metadata = fs::symlink_metadata(folder).during(|| format!("look at {}", folder.display()))?;
    let ours = [Some(rustix::process::geteuid().as_raw()), owner.map(|user| user.uid)].contains(&Some(metadata.uid()));
    if !metadata.is_dir() || !ours {
        let answer = "it is not a folder of this account".to_owned();
        return Err(StackError::Refused { action: format!("cannot use {}", folder.display()), answer });
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
        .during(|| format!("protect {}", folder.display()))?;
    owner.map_or(Ok(()), |user| user.own(folder))
}

/// A place for throwaway clusters that the server's account can reach.
pub(super) fn temporary_folder() -> Result<PathBuf, StackError> {
    let own = env::temp_dir();
    let Some(user) = SystemUser::instead_of_root()? else { return Ok(own) };
    Ok(if user.can_reach(&own).unwrap_or(false) { own } else { PathBuf::from("/tmp") })
}

/// Where the socket goes: a short folder when the cluster's own is too long for the system.
pub(super) fn socket_directory(directory: &Path) -> PathBuf {
    let inside = directory.join("socket");
    let longest = inside.join(".s.PGSQL.65535");
    if longest.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return inside;
    }
    env::temp_dir().join(format!("tessera-{}", short_name(directory)))
}

fn short_name(directory: &Path) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, directory.as_os_str().as_encoded_bytes());
    hex::encode(digest.as_ref().get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_folder_gets_a_short_socket() {
        let short = Path::new("/tmp/pg");
        assert_eq!(socket_directory(short), short.join("socket"));
        let long = PathBuf::from(format!("/{}", "a".repeat(120)));
        let socket = socket_directory(&long);
        assert!(socket.join(".s.PGSQL.65535").as_os_str().len() <= SOCKET_PATH_BYTES_MAX);
        assert_eq!(socket, socket_directory(&long));
        assert_ne!(socket, socket_directory(&long.join("b")));
    }
}
