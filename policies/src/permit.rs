//! Who asks, and the proof that he may. A [`Permit`] is made only by a policy check; a domain
//! function that takes one cannot be called without the check.

use std::{fmt, marker::PhantomData, sync::Arc};

use kernel::{EnvironmentId, RuleId};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::action::Action;

/// Where a subject acts: the `dom` of every policy question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// In one environment of one tenant.
    Environment(EnvironmentId),
    /// In the control plane.
    Platform,
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(id) => id.fmt(formatter),
            Self::Platform => formatter.write_str("platform"),
        }
    }
}

/// An actor as policy sees him: a role in a domain, both from his verified credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    domain: Domain,
    role: Arc<str>,
}

impl Subject {
    /// A member, API key or end user of an environment.
    pub fn tenant(environment: EnvironmentId, role: impl Into<Arc<str>>) -> Self {
        Self { domain: Domain::Environment(environment), role: role.into() }
    }

    /// One of the platform's own staff.
    pub fn staff(role: impl Into<Arc<str>>) -> Self {
        Self { domain: Domain::Platform, role: role.into() }
    }

    /// Where he acts.
    pub const fn domain(&self) -> Domain {
        self.domain
    }

    /// In which role.
    pub fn role(&self) -> &str {
        &self.role
    }
}

/// Which rule decided, for the audit record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleRef {
    /// A row of the built-in roles, as `role/object/action`.
    BuiltIn(Arc<str>),
    /// A rule the tenant wrote.
    Tenant(RuleId),
}

impl fmt::Display for RuleRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(row) => write!(formatter, "builtin:{row}"),
            Self::Tenant(id) => id.fmt(formatter),
        }
    }
}

impl Serialize for RuleRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which objects a permit reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// All objects of the environment.
    All,
    /// Only the actor's own: the domain must filter by his customer.
    Own,
}

/// A decision in favour, before it is given the type of its action.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) domain: Domain,
    pub(crate) role: Arc<str>,
    pub(crate) rule: RuleRef,
    pub(crate) reach: Reach,
}

/// Proof that a subject may do `A` in one domain. Not to be cloned, stored or made by hand.
#[must_use = "a permit is asked for to be shown to the function it permits"]
pub struct Permit<A: Action> {
    decision: Decision,
    action: PhantomData<fn() -> A>,
}

/// A permit was shown in another environment than it was given for: a defect of the caller.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the permit was given for another environment")]
pub struct ForeignPermit;

impl<A: Action> Permit<A> {
    pub(crate) const fn new(decision: Decision) -> Self {
        Self { decision, action: PhantomData }
    }

    /// Which objects of `environment` are reached. Every domain function asks this first.
    pub fn reach_in(&self, environment: EnvironmentId) -> Result<Reach, ForeignPermit> {
        if self.decision.domain == Domain::Environment(environment) {
            Ok(self.decision.reach)
        } else {
            Err(ForeignPermit)
        }
    }

    /// Where it holds.
    pub const fn domain(&self) -> Domain {
        self.decision.domain
    }

    /// The role it was given to.
    pub fn role(&self) -> &str {
        &self.decision.role
    }

    /// Who it was given to.
    pub fn subject(&self) -> Subject {
        Subject { domain: self.decision.domain, role: Arc::clone(&self.decision.role) }
    }

    /// The rule that decided.
    pub const fn rule(&self) -> &RuleRef {
        &self.decision.rule
    }
}

impl<A: Action> fmt::Debug for Permit<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decision { domain, role, rule, reach } = &self.decision;
        write!(formatter, "Permit<{}>({domain}, {role}, {rule}, {reach:?})", A::NAME)
    }
}
