//! Who asks for a change, and why.

use kernel::RequestId;

use super::Refusal;

/// Longest reason, host or request key, in bytes.
const TEXT_LENGTH_MAX: usize = 255;

/// A request of platform staff: what the audit log and the operation keep of it.
#[derive(Clone, Debug)]
pub struct StaffCall {
    /// The person or machine that signed in.
    pub actor: String,
    /// The HTTP request.
    pub request: RequestId,
    /// What makes a repeat the same request; the request's own id when the client sent none.
    pub request_key: String,
    /// Why it is asked.
    pub reason: Option<String>,
    /// From which machine.
    pub host: Option<String>,
    /// Whether everything is checked and nothing changed.
    pub dry_run: bool,
}

impl StaffCall {
    /// A call without key, reason or host.
    pub fn new(actor: impl Into<String>, request: RequestId) -> Self {
        let request_key = request.to_string();
        Self { actor: actor.into(), request, request_key, reason: None, host: None, dry_run: false }
    }

    /// The reason, which acts that interrupt a tenant's business must have.
    pub fn required_reason(&self) -> Result<&str, Refusal> {
        self.reason.as_deref().filter(|reason| !reason.trim().is_empty()).ok_or_else(|| {
            Refusal::invalid("reason_required", "reason", "This act needs a reason, which the audit log keeps.")
                .with_hint("Send header `Tessera-Reason`; on the command line `--reason`.")
        })
    }

    /// Checks the texts that came with the request.
    pub fn check(&self) -> Result<(), Refusal> {
        let texts =
            [("reason", self.reason.as_deref()), ("host", self.host.as_deref()), ("key", Some(&*self.request_key))];
        for (param, text) in texts {
            let Some(text) = text else { continue };
            if text.is_empty() || text.len() > TEXT_LENGTH_MAX || text.chars().any(char::is_control) {
                let message = format!("must have 1 to {TEXT_LENGTH_MAX} bytes and no control characters");
                return Err(Refusal::invalid("parameter_invalid", param, message));
            }
        }
        Ok(())
    }
}
