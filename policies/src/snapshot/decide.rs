//! The decision itself.

use std::sync::Arc;

use super::{Cell, ConditionalRule, PolicySnapshot, RoleEntry};
use crate::{
    action::{Action, ActionEntry},
    attribute::{Attribute, Attributes},
    engine::Question,
    name,
    permit::{Decision, Permit, Reach, RuleRef, Subject},
    refusal::Refusal,
};

impl PolicySnapshot {
    /// Whether the subject may do `A` under these facts, and how far.
    pub fn permit<A: Action>(&self, subject: &Subject, attributes: &Attributes) -> Result<Permit<A>, Refusal> {
        self.decide(subject, A::ENTRY, attributes).map(Permit::new)
    }

    pub(super) fn decide(
        &self,
        subject: &Subject,
        action: &'static ActionEntry,
        attributes: &Attributes,
    ) -> Result<Decision, Refusal> {
        let entry = self.entry(subject)?;
        let cell = entry.cells.get(action.index).ok_or(Refusal::UnknownAction)?;
        let (rule, reach) = match self.decide_plain(entry, cell, action)? {
            Some(rule) => (rule, Reach::All),
            None => self.decide_conditional(entry, cell, action, attributes)?,
        };
        Ok(Decision { domain: self.domain, role: Arc::clone(&entry.name), rule: rule.clone(), reach })
    }

    /// The entry of the subject's role, if he belongs here and the role is known.
    pub(super) fn entry(&self, subject: &Subject) -> Result<&RoleEntry, Refusal> {
        if subject.domain() != self.domain {
            return Err(Refusal::ForeignDomain);
        }
        self.role_entry(subject.role())
    }

    pub(super) fn role_entry(&self, role: &str) -> Result<&RoleEntry, Refusal> {
        // An empty question passes an empty policy in Casbin, so it never gets that far.
        if role.is_empty() {
            return Err(Refusal::EmptyField { field: "role" });
        }
        self.roles.get(role).ok_or_else(|| {
            if name::is_well_formed(role) { Refusal::UnknownRole } else { Refusal::MalformedName { field: "role" } }
        })
    }

    /// Whether a rule without conditions permits: asked of Casbin once, then remembered. Two
    /// threads that ask at the same time get the same answer.
    fn decide_plain<'a>(
        &self,
        entry: &RoleEntry,
        cell: &'a Cell,
        action: &'static ActionEntry,
    ) -> Result<Option<&'a RuleRef>, Refusal> {
        let verdict = match (cell.verdict.get(), &entry.section) {
            (Some(verdict), _) => *verdict,
            (None, None) => false,
            (None, Some(section)) => {
                let question = Question { role: &entry.text, domain: &self.domain_text, action };
                let verdict = self.engine.permits(section, &question).map_err(failed)?;
                *cell.verdict.get_or_init(|| verdict)
            }
        };
        Ok(cell.plain.as_ref().filter(|_| verdict))
    }

    /// Asks the rules with conditions one by one, those that reach all objects first.
    fn decide_conditional<'a>(
        &self,
        entry: &RoleEntry,
        cell: &'a Cell,
        action: &'static ActionEntry,
        attributes: &Attributes,
    ) -> Result<(&'a RuleRef, Reach), Refusal> {
        let facts = attributes.only(action.attributes);
        for rule in &cell.conditional {
            if self.holds(entry, rule, action, &facts)? {
                let reach = if rule.conditions.is_own() { Reach::Own } else { Reach::All };
                return Ok((&rule.source, reach));
            }
        }
        match cell.conditional.len() {
            0 => Err(Refusal::NoRule),
            considered => Err(Refusal::ConditionsUnmet { considered }),
        }
    }

    fn holds(
        &self,
        entry: &RoleEntry,
        rule: &ConditionalRule,
        action: &'static ActionEntry,
        facts: &Attributes,
    ) -> Result<bool, Refusal> {
        let question = Question { role: &entry.text, domain: &self.domain_text, action };
        self.engine.permits_under(&rule.section, &question, &facts_for(rule, action, facts)).map_err(failed)
    }
}

/// The facts one rule is asked under. A rule about own objects is asked as if the object were the
/// actor's own, unless the caller knows better; the permit then reaches own objects only.
pub(super) fn facts_for(rule: &ConditionalRule, action: &ActionEntry, facts: &Attributes) -> Attributes {
    let mut facts = facts.clone();
    if rule.conditions.is_own() && action.attributes.contains(&Attribute::Own) {
        facts.own = facts.own.or(Some(true));
    }
    facts
}

fn failed(error: casbin::Error) -> Refusal {
    Refusal::EvaluationFailed(Arc::new(error))
}

#[cfg(test)]
mod tests {
    use kernel::{EnvironmentId, FixedClock, SeededEntropy};

    use super::*;
    use crate::action::{CreateApiKey, CreateWallet};

    /// A section that is not there makes Casbin fail; failing is refusing, the second time too.
    #[test]
    fn an_engine_that_fails_permits_nothing_and_is_not_remembered_as_permitting() {
        let here = EnvironmentId::generate(&FixedClock::new(1), &SeededEntropy::new(1));
        let mut snapshot = PolicySnapshot::built_in(here).unwrap();
        for entry in snapshot.roles.values_mut() {
            entry.section = entry.section.take().map(|_| "absent".to_owned());
            for rule in entry.cells.iter_mut().flat_map(|cell| &mut cell.conditional) {
                rule.section = "absent".to_owned();
            }
        }
        for _ in 0..2 {
            for role in ["owner", "customer"] {
                let subject = Subject::tenant(here, role);
                let refusal = snapshot.permit::<CreateWallet>(&subject, &Attributes::unknown()).unwrap_err();
                assert!(matches!(refusal, Refusal::EvaluationFailed(_)) && refusal.is_unavailable(), "{refusal}");
            }
        }
        let customer = Subject::tenant(here, "customer");
        assert!(snapshot.permit::<CreateApiKey>(&customer, &Attributes::unknown()).is_err());
    }
}
