//! What a running staff command carries: settings, streams, the client, and what it is waiting for.

use std::{
    io::{self, IsTerminal as _},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use kernel::{Clock, Entropy, RequestId};

use crate::{
    arguments::{GlobalArguments, RequestKey, WriteArguments},
    client::Client,
    configuration::{Overrides, Settings},
    failure::Failure,
    output::Output,
};

/// One run of a staff command.
#[derive(Debug)]
pub(crate) struct Session {
    /// The values in force.
    pub(crate) settings: Settings,
    /// The streams.
    pub(crate) output: Output,
    /// The door to the control plane.
    pub(crate) client: Client,
    /// The person, if there is one.
    pub(crate) interaction: Interaction,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pursuit: Arc<Pursuit>,
    generated_key: OnceLock<RequestKey>,
}

impl Session {
    /// Reads settings and prepares the client; nothing is sent yet.
    pub(crate) fn try_new(
        global: &GlobalArguments,
        overrides: &Overrides,
        (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>),
        pursuit: Arc<Pursuit>,
    ) -> Result<Self, Failure> {
        let settings = Settings::resolve(overrides)?;
        Ok(Self {
            output: Output::new(settings.format.value, global.color, global.quiet),
            client: Client::try_new(settings.clone(), clock.clone())?,
            interaction: Interaction::new(global),
            settings,
            clock,
            entropy,
            pursuit,
            generated_key: OnceLock::new(),
        })
    }

    /// The name of this run: the one given, or one made up once. Remembered for the message on Ctrl-C.
    pub(crate) fn request_key(&self, write: &WriteArguments) -> RequestKey {
        let key = write.request_id.clone().unwrap_or_else(|| self.generated_key().clone());
        self.pursuit.set(|state| state.request_key = Some(key.as_str().to_owned()));
        key
    }

    fn generated_key(&self) -> &RequestKey {
        self.generated_key
            .get_or_init(|| RequestKey::generated(&RequestId::generate(self.clock.as_ref(), self.entropy.as_ref())))
    }

    /// Remembers what is being followed, for the message on Ctrl-C.
    pub(crate) fn pursue(&self, operation_id: &str) {
        self.pursuit.set(|state| state.operation_id = Some(operation_id.to_owned()));
    }
}

/// Whether and how a person can be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interaction {
    /// `--yes`.
    pub(crate) yes: bool,
    /// Whether a question can be asked and answered.
    pub(crate) possible: bool,
    /// `--no-input`.
    pub(crate) forbidden: bool,
}

impl Interaction {
    fn new(global: &GlobalArguments) -> Self {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self { yes: global.yes, possible: terminal && !global.no_input, forbidden: global.no_input }
    }
}

/// What an interrupted command was in the middle of.
#[derive(Debug, Default)]
pub(crate) struct Pursuit(Mutex<PursuitState>);

#[derive(Clone, Debug, Default)]
struct PursuitState {
    operation_id: Option<String>,
    request_key: Option<String>,
}

impl Pursuit {
    /// The failure that Ctrl-C turns into.
    pub(crate) fn interrupted(&self) -> Failure {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Failure::interrupted(state.operation_id, state.request_key)
    }

    fn set(&self, change: impl FnOnce(&mut PursuitState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
