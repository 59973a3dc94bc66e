//! Where a staff command goes and as whom: flags, then `TESSERA_*`, then the profile, then defaults.

mod location;
mod profile;
mod settings;

pub(crate) use location::{cache_directory, configuration_directory, make_private_directory, write_private};
pub(crate) use profile::{Profile, ProfileName, Profiles};
pub(crate) use settings::{Overrides, Settings, Sourced, is_loopback, variable};
