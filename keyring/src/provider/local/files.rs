//! Files that survive a crash: written aside, synchronised, put in place, directory synchronised.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

/// Only the owner reads and writes.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;
/// Bits of group and others.
const FOREIGN_BITS: u32 = 0o077;
/// Larger than any file of ours.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Creates the directory for its owner alone.
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory)
}

/// Whether group or others may do anything with a file or directory.
pub(super) fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & FOREIGN_BITS != 0)
}

/// The content of a file, zeroised when dropped.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    if fs::metadata(path)?.len() > FILE_BYTES_MAX {
        return Err(ErrorKind::FileTooLarge.into());
    }
    fs::read(path).map(Zeroizing::new)
}

/// Puts a new file in place, complete or not at all; `AlreadyExists` where there is one.
pub(super) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let aside = write_aside(path, content)?;
    // A hard link fails where the name is taken, which a rename would not.
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    linked?;
    sync_directory_of(path)
}

/// Puts a file in the place of an older one, or of none.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let aside = write_aside(path, content)?;
    fs::rename(&aside, path)?;
    sync_directory_of(path)
}

/// Overwrites a file where it lies and removes it; nothing to do where there is none.
pub(super) fn shred(path: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let length = usize::try_from(file.metadata()?.len().min(FILE_BYTES_MAX)).unwrap_or(0);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&vec![0_u8; length])?;
    file.sync_all()?;
    fs::remove_file(path)?;
    sync_directory_of(path)
}

/// Removes a file and remembers that on disk.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => sync_directory_of(path),
    }
}

/// Holds the lock of the directory until dropped: one change at a time, over all processes.
pub(super) fn lock(directory: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(directory.join(".lock"))?;
    file.lock()?;
    Ok(file)
}

/// A synchronised file beside its place. The caller holds the lock, so a leftover of the same name
/// is from a run that was killed, and is removed.
fn write_aside(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let aside = PathBuf::from(name);
    shred(&aside)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&aside)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(aside)
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
