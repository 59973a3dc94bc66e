//! The commands of `tessera-stack`.

mod demo;
mod down;
mod people;
mod screen;
mod servers;
mod stack_file;
mod state;
mod status;
mod step;
mod tenants;
mod up;

pub(crate) use self::{demo::demo, down::down, status::status, up::up};
