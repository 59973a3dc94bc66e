//! `status`: what runs.

use anyhow::Result;
use stack::Project;

use super::{
    screen::line,
    servers::{SERVERS, Servers},
};

/// Prints one line per server.
pub(crate) async fn status() -> Result<()> {
    let servers = Servers::of(Project::locate()?)?;
    for (key, _) in SERVERS {
        let state = match servers.detached.pid(key) {
            Some(pid) => format!("running as process {pid}"),
            None => "not running".to_owned(),
        };
        line(&format!("{key:<10} {state:<28} log: {}", servers.log(key).display()));
    }
    for (name, url) in
        [("api", servers.api_url()), ("control", servers.control_url()), ("worker", servers.worker_url())]
    {
        let answer = reqwest::get(format!("{url}/readyz")).await;
        let health = match answer {
            Ok(response) if response.status().is_success() => "ready".to_owned(),
            Ok(response) => format!("answers {}", response.status()),
            Err(_) => "does not answer".to_owned(),
        };
        line(&format!("{name:<10} {url} {health}"));
    }
    Ok(())
}
