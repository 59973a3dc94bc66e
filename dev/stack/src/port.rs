//! Loopback ports: free ones, and who holds a taken one.

use std::{
    fmt, fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use kernel::{Entropy, SystemEntropy};

use crate::{
    error::{During, StackError},
    process_table,
};

/// Where ports to remember begin; the system's own begin at 32768.
const LASTING_PORT_MIN: u16 = 20_000;
const LASTING_PORT_COUNT: u16 = 10_000;
/// How often a random port is tried.
const LASTING_TRIES: u32 = 200;

/// A port that nobody listens on now. The system hands them out in turn, so two callers get different ones.
pub fn free_port() -> Result<u16, StackError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during(|| "find a free port".to_owned())?;
    Ok(listener.local_addr().during(|| "read a free port".to_owned())?.port())
}

/// A free port outside the range that the system hands out by itself, to be remembered: nothing takes it by chance.
pub fn lasting_port() -> Result<u16, StackError> {
    let mut bytes = [0_u8; 2];
    for _ in 0..LASTING_TRIES {
        SystemEntropy.fill(&mut bytes);
        let port = LASTING_PORT_MIN + u16::from_be_bytes(bytes) % LASTING_PORT_COUNT;
        if is_free(port) {
            return Ok(port);
        }
    }
    free_port()
}

/// Whether a server of ours could listen there.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The process that listens on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortOwner {
    /// Its number.
    pub pid: i32,
    /// Its command line, shortened.
    pub command: String,
}

impl fmt::Display for PortOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.command)
    }
}

/// Who listens on the port, if the system lets us see it.
pub fn port_owner(port: u16) -> Option<PortOwner> {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_sockets(&table, port))
        .collect();
    process_table::all().into_iter().find_map(|entry| {
        let files = process_table::open_files(entry.pid);
        let holds = files.iter().any(|file| sockets.iter().any(|socket| file == Path::new(socket)));
        holds.then(|| PortOwner { pid: entry.pid, command: process_table::command_line(entry.pid).unwrap_or_default() })
    })
}

// Lines look like `0: 0100007F:1F90 00000000:0000 0A … inode …`; 0A is LISTEN and the tenth field is the inode.
fn listening_sockets(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.get(1).is_some_and(|local| local.ends_with(&suffix)) && fields.get(3) == Some(&"0A"))
        .filter_map(|fields| fields.get(9).map(|inode| format!("socket:[{inode}]")))
        .collect()
}

/// Refuses when somebody listens on `port`; `variable` is what the person would set to choose another.
pub fn require_free(port: u16, variable: &str) -> Result<(), StackError> {
    if is_free(port) {
        return Ok(());
    }
    let owner = port_owner(port).map(|owner| format!(" by {owner}")).unwrap_or_default();
    Err(StackError::PortTaken { port, owner, variable: variable.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_owner_and_the_variable_to_change() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let message = require_free(port, "TESSERA_API_PORT").unwrap_err().to_string();
        assert!(message.contains(&format!("port {port} is in use by process {}", std::process::id())), "{message}");
        assert!(message.ends_with("choose another port with TESSERA_API_PORT"), "{message}");
        drop(listener);
        require_free(port, "TESSERA_API_PORT").unwrap();
    }
}
