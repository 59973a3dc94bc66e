//! The values in force and where each came from.

use std::env;

use url::{Host, Url};

use super::{Profile, ProfileName, Profiles};
use crate::{failure::Failure, output::Format};

/// Where `tessera control` listens when nobody says otherwise.
const API_URL_DEFAULT: &str = "http://127.0.0.1:8081";
const CLIENT_ID_DEFAULT: &str = "tessera-cli";
const AUDIENCE_DEFAULT: &str = "urn:tessera:platform";

/// A value and the place it was read from, in words.
#[derive(Clone, Debug)]
pub(crate) struct Sourced<T> {
    /// The value in force.
    pub(crate) value: T,
    /// `flag --api-url`, `environment TESSERA_API_URL`, `profile eu` or `default`.
    pub(crate) source: String,
}

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// `--profile`.
    pub(crate) profile: Option<ProfileName>,
    /// `--api-url`.
    pub(crate) api_url: Option<String>,
    /// `--issuer-url`.
    pub(crate) issuer_url: Option<String>,
    /// `--client-id`.
    pub(crate) client_id: Option<String>,
    /// `--audience`.
    pub(crate) audience: Option<String>,
    /// `-o`.
    pub(crate) format: Option<Format>,
}

/// Everything a staff command needs to know before it speaks to a server.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The profile in use, which may have no entry in the file.
    pub(crate) profile: Sourced<ProfileName>,
    /// URL of `tessera control`, without a slash at its end.
    pub(crate) api_url: Sourced<Url>,
    /// The staff's OpenID provider, as text: its exact spelling is its name.
    pub(crate) issuer_url: Option<Sourced<String>>,
    /// The client at that provider.
    pub(crate) client_id: Sourced<String>,
    /// The audience to ask for.
    pub(crate) audience: Sourced<String>,
    /// The format on stdout.
    pub(crate) format: Sourced<Format>,
    /// Whether every prompt names the profile.
    pub(crate) production: bool,
    /// Whether tokens may travel over plain HTTP to another machine.
    pub(crate) allow_http: bool,
}

impl Settings {
    /// Puts flags, environment, profile and defaults together.
    pub(crate) fn resolve(overrides: &Overrides) -> Result<Self, Failure> {
        let profiles = Profiles::load()?;
        let name = chosen_profile(overrides, &profiles)?;
        let entry = match profiles.profiles.get(&name.value) {
            Some(entry) => entry.clone(),
            None if name.value == ProfileName::standard() => Profile::default(),
            None => return Err(unknown_profile(&name.value, &profiles)),
        };
        let in_profile = format!("profile {}", name.value);
        let find = |flag: Option<&String>, flag_name: &str, variable: &str, entry: Option<String>| {
            find(flag, flag_name, variable, entry.map(|value| Sourced { value, source: in_profile.clone() }))
        };
        let api_url = find(overrides.api_url.as_ref(), "--api-url", "TESSERA_API_URL", entry.api_url)
            .unwrap_or_else(|| default(API_URL_DEFAULT));
        let format = match (overrides.format, entry.output) {
            (Some(value), _) => Sourced { value, source: "flag -o".to_owned() },
            (None, Some(value)) => Sourced { value, source: in_profile.clone() },
            (None, None) => Sourced { value: Format::default(), source: "default".to_owned() },
        };
        Ok(Self {
            api_url: parse_url(&api_url)?,
            issuer_url: find(overrides.issuer_url.as_ref(), "--issuer-url", "TESSERA_ISSUER_URL", entry.issuer_url),
            client_id: find(overrides.client_id.as_ref(), "--client-id", "TESSERA_CLIENT_ID", entry.client_id)
                .unwrap_or_else(|| default(CLIENT_ID_DEFAULT)),
            audience: find(overrides.audience.as_ref(), "--audience", "TESSERA_AUDIENCE", entry.audience)
                .unwrap_or_else(|| default(AUDIENCE_DEFAULT)),
            format,
            production: entry.production,
            allow_http: entry.allow_http,
            profile: name,
        })
    }

    /// Refuses to send a credential in clear over a network.
    pub(crate) fn refuse_clear_text(&self, url: &Url) -> Result<(), Failure> {
        if url.scheme() == "https" || self.allow_http || is_loopback(url) {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "{url} is plain HTTP to another machine; a token sent there could be read on the way"
        ))
        .hint("use https, or set `allow_http = true` in the profile if the network is trusted"))
    }
}

/// Whether the URL never leaves this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn chosen_profile(overrides: &Overrides, profiles: &Profiles) -> Result<Sourced<ProfileName>, Failure> {
    if let Some(value) = overrides.profile.clone() {
        return Ok(Sourced { value, source: "flag --profile".to_owned() });
    }
    if let Some(text) = variable("TESSERA_PROFILE") {
        let value = text.parse().map_err(|error| Failure::usage(format!("TESSERA_PROFILE: {error}")))?;
        return Ok(Sourced { value, source: "environment TESSERA_PROFILE".to_owned() });
    }
    Ok(match profiles.current.clone() {
        Some(value) => Sourced { value, source: "`tessera config profile use`".to_owned() },
        None => Sourced { value: ProfileName::standard(), source: "default".to_owned() },
    })
}

fn unknown_profile(name: &ProfileName, profiles: &Profiles) -> Failure {
    let known: Vec<&str> = profiles.profiles.keys().map(ProfileName::as_str).collect();
    let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
    Failure::usage(format!("there is no profile `{name}`; known profiles: {known}"))
        .parameter("--profile")
        .hint(format!("make it with `tessera config profile set {name} --api-url URL`"))
}

fn find(flag: Option<&String>, flag_name: &str, name: &str, entry: Option<Sourced<String>>) -> Option<Sourced<String>> {
    flag.map(|value| Sourced { value: value.clone(), source: format!("flag {flag_name}") })
        .or_else(|| variable(name).map(|value| Sourced { value, source: format!("environment {name}") }))
        .or(entry)
}

fn default(value: &str) -> Sourced<String> {
    Sourced { value: value.to_owned(), source: "default".to_owned() }
}

/// An environment variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn parse_url(text: &Sourced<String>) -> Result<Sourced<Url>, Failure> {
    let refused = |why: &str| {
        Failure::usage(format!("the platform's URL `{}` ({}) {why}", text.value, text.source)).parameter("--api-url")
    };
    let url = Url::parse(text.value.trim_end_matches('/')).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refused("must begin with http:// or https:// and name a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("must not carry a user name or password"));
    }
    Ok(Sourced { value: url, source: text.source.clone() })
}
