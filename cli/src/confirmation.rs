//! Questions to the person. Without a terminal there are none: the missing flag is named instead.

use std::io::{self, BufRead as _, Write as _};

use kernel::Slug;
use tokio::task::spawn_blocking;

use crate::{arguments::WriteArguments, exit_code::ExitCode, failure::Failure, session::Session};

impl Session {
    /// Asks a yes-or-no question, unless `--yes` answered it.
    pub(crate) async fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.interaction.yes {
            return Ok(());
        }
        if !self.interaction.possible {
            return Err(Failure::usage(format!("--yes is required when not running interactively ({question})"))
                .parameter("--yes"));
        }
        let answer = self.ask(&format!("{question} [y/N] ")).await?;
        if matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") { Ok(()) } else { Err(declined()) }
    }

    /// Has the tenant's slug typed, or takes `--confirm`; `--yes` alone is not enough.
    pub(crate) async fn confirm_slug(&self, slug: &Slug, given: Option<&str>, deed: &str) -> Result<(), Failure> {
        if let Some(given) = given {
            return if given == slug.as_str() {
                Ok(())
            } else {
                Err(Failure::usage(format!("--confirm says `{given}`, but the tenant is `{slug}`"))
                    .parameter("--confirm"))
            };
        }
        if !self.interaction.possible {
            return Err(Failure::usage(format!("--confirm={slug} is required when not running interactively"))
                .parameter("--confirm"));
        }
        let answer = self.ask(&format!("{deed}\nType the tenant's slug to go on: ")).await?;
        if answer == slug.as_str() { Ok(()) } else { Err(declined()) }
    }

    /// The arguments with a reason: the one given, or one asked for.
    pub(crate) async fn with_reason(&self, write: &WriteArguments) -> Result<WriteArguments, Failure> {
        if write.reason.is_some() {
            return Ok(write.clone());
        }
        let reason = self.asked_reason().await?;
        Ok(WriteArguments { reason: Some(reason), ..write.clone() })
    }

    async fn asked_reason(&self) -> Result<String, Failure> {
        let missing = || Failure::usage("--reason is required").parameter("--reason");
        if !self.interaction.possible {
            return Err(missing());
        }
        let answer = self.ask("Reason (stored in the audit log): ").await?;
        if answer.is_empty() { Err(missing()) } else { Ok(answer) }
    }

    async fn ask(&self, question: &str) -> Result<String, Failure> {
        let profile = &self.settings.profile.value;
        let prefix = if self.settings.production { format!("[production profile {profile}] ") } else { String::new() };
        let text = format!("{prefix}{question}");
        let answer = spawn_blocking(move || {
            let mut stderr = io::stderr().lock();
            stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush())?;
            drop(stderr);
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).map(|_| line.trim().to_owned())
        });
        match answer.await {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(Failure::local(format!("cannot ask on this terminal: {error}"))),
            Err(error) => Err(Failure::local(format!("cannot ask on this terminal: {error}"))),
        }
    }
}

fn declined() -> Failure {
    Failure::new(ExitCode::Failure, "declined", "not confirmed; nothing was changed")
}
