//! Why a decision falls as it does: the same decision, and every rule that was looked at.

use serde::Serialize;

use super::{PolicySnapshot, decide::facts_for};
use crate::{
    action::{self, ActionEntry},
    attribute::Attributes,
    conditions::Conditions,
    permit::{Domain, Reach, Subject},
    refusal::Refusal,
};

/// A decision with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether it is permitted.
    pub allowed: bool,
    /// How far, if it is.
    pub reach: Option<Reach>,
    /// The role asked about.
    pub role: String,
    /// The object asked about.
    pub object: String,
    /// The action asked about.
    pub action: String,
    /// The rule that decided, if one permitted.
    pub rule: Option<String>,
    /// The decision in words.
    pub reason: String,
    /// Every rule of the role about this action.
    pub considered: Vec<Considered>,
}

/// One rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// Which rule.
    pub rule: String,
    /// Its conditions.
    pub conditions: Conditions,
    /// Whether they hold.
    pub met: bool,
    /// Why not, or that they do.
    pub reason: String,
}

impl PolicySnapshot {
    /// What the role may do here under these facts, and why. Nothing in the question can make it
    /// fail: what is unknown is explained as refused.
    pub fn explain(&self, role: &str, object: &str, act: &str, attributes: &Attributes) -> Explanation {
        let outcome = self.question(role, object, act).and_then(|(subject, action)| {
            let considered = self.consider(role, action, attributes)?;
            Ok((self.decide(&subject, action, attributes), considered))
        });
        let (decision, considered) = match outcome {
            Ok(known) => known,
            Err(refusal) => (Err(refusal), Vec::new()),
        };
        let (reach, rule, reason) = match decision {
            Ok(decision) => {
                let reason = match decision.reach {
                    Reach::All => "a rule of the role permits it",
                    Reach::Own => "a rule of the role permits it for the actor's own objects",
                };
                (Some(decision.reach), Some(decision.rule.to_string()), reason.to_owned())
            }
            Err(refusal) => (None, None, refusal.to_string()),
        };
        Explanation {
            allowed: reach.is_some(),
            reach,
            role: role.to_owned(),
            object: object.to_owned(),
            action: act.to_owned(),
            rule,
            reason,
            considered,
        }
    }

    fn question(&self, role: &str, object: &str, act: &str) -> Result<(Subject, &'static ActionEntry), Refusal> {
        for (field, text) in [("role", role), ("object", object), ("action", act)] {
            if text.is_empty() {
                return Err(Refusal::EmptyField { field });
            }
        }
        let action = action::find(object, act).ok_or(Refusal::UnknownAction)?;
        let subject = match self.domain {
            Domain::Environment(environment) => Subject::tenant(environment, role),
            Domain::Platform => Subject::staff(role),
        };
        Ok((subject, action))
    }

    fn consider(
        &self,
        role: &str,
        action: &'static ActionEntry,
        attributes: &Attributes,
    ) -> Result<Vec<Considered>, Refusal> {
        let facts = attributes.only(action.attributes);
        let Some(cell) = self.role_entry(role)?.cells.get(action.index) else { return Ok(Vec::new()) };
        let plain = cell.plain.iter().map(|rule| Considered {
            rule: rule.to_string(),
            conditions: Conditions::none(),
            met: true,
            reason: "it has no conditions".to_owned(),
        });
        let conditional = cell.conditional.iter().map(|rule| {
            let unmet = rule.conditions.unmet(&facts_for(rule, action, &facts));
            Considered {
                rule: rule.source.to_string(),
                conditions: rule.conditions.clone(),
                met: unmet.is_none(),
                reason: unmet.unwrap_or_else(|| "its conditions hold".to_owned()),
            }
        });
        Ok(plain.chain(conditional).collect())
    }
}
