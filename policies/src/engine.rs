//! Casbin, put to the use that holds: one enforcer per snapshot, its rules in many small sections,
//! every question asked of one section only. No rule is ever added to it or taken from it.

use std::sync::LazyLock;

use async_trait::async_trait;
use casbin::{
    Adapter, CoreApi, DefaultModel, EnforceContext, Enforcer, Filter, Model,
    error::{AdapterError, ModelError},
    rhai::{Dynamic, INT, ImmutableString},
};
use futures::FutureExt;
use tokio::task::unconstrained;

use crate::{action::ActionEntry, attribute::Attributes, conditions::amount_text};

const MODEL: &str = include_str!("../model.conf");

/// The model, parsed once; each snapshot starts from a copy.
static BASE: LazyLock<Result<DefaultModel, String>> =
    LazyLock::new(|| at_once(DefaultModel::from_str(MODEL)).and_then(|model| model).map_err(|error| error.to_string()));

/// One rule in the form Casbin keeps.
pub(crate) struct Line {
    /// The section of the enforcer it goes into.
    pub(crate) section: String,
    /// Subject, domain, object, action and, for a rule with conditions, the expression.
    pub(crate) values: Vec<String>,
}

impl Line {
    /// The definition the section is made after: rules with an expression have one value more.
    fn definition(&self) -> &'static str {
        if self.values.len() > 4 { "p2" } else { "p" }
    }
}

/// Feeds rules that were read and checked beforehand. It writes nothing: the rows are written by
/// `role`, in the transaction of the request.
struct LineAdapter(Vec<Line>);

#[async_trait]
impl Adapter for LineAdapter {
    async fn load_policy(&mut self, model: &mut dyn Model) -> casbin::Result<()> {
        for line in self.0.drain(..) {
            let missing = || ModelError::P("a policy definition is missing".to_owned());
            let sections = model.get_mut_model().get_mut("p").ok_or_else(missing)?;
            if !sections.contains_key(&line.section) {
                let definition = sections.get(line.definition()).ok_or_else(missing)?.clone();
                sections.insert(line.section.clone(), definition);
            }
            model.add_policy("p", &line.section, line.values);
        }
        Ok(())
    }

    async fn load_filtered_policy<'a>(&mut self, _: &mut dyn Model, _: Filter<'a>) -> casbin::Result<()> {
        Err(read_only())
    }

    async fn save_policy(&mut self, _: &mut dyn Model) -> casbin::Result<()> {
        Err(read_only())
    }

    async fn clear_policy(&mut self) -> casbin::Result<()> {
        Err(read_only())
    }

    fn is_filtered(&self) -> bool {
        false
    }

    async fn add_policy(&mut self, _: &str, _: &str, _: Vec<String>) -> casbin::Result<bool> {
        Err(read_only())
    }

    async fn add_policies(&mut self, _: &str, _: &str, _: Vec<Vec<String>>) -> casbin::Result<bool> {
        Err(read_only())
    }

    async fn remove_policy(&mut self, _: &str, _: &str, _: Vec<String>) -> casbin::Result<bool> {
        Err(read_only())
    }

    async fn remove_policies(&mut self, _: &str, _: &str, _: Vec<Vec<String>>) -> casbin::Result<bool> {
        Err(read_only())
    }

    async fn remove_filtered_policy(&mut self, _: &str, _: &str, _: usize, _: Vec<String>) -> casbin::Result<bool> {
        Err(read_only())
    }
}

fn read_only() -> casbin::Error {
    AdapterError("a snapshot's rules never change".into()).into()
}

/// Casbin's functions are async for the sake of adapters that do I/O; ours never waits, so a
/// future that is not ready at once is a fault, not a reason to block.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, casbin::Error> {
    unconstrained(future)
        .now_or_never()
        .ok_or_else(|| ModelError::Other("building the enforcer waited for something".to_owned()).into())
}

/// An immutable enforcer.
pub(crate) struct Engine(Enforcer);

impl Engine {
    /// Builds an enforcer of these rules.
    pub(crate) fn try_new(lines: Vec<Line>) -> casbin::Result<Self> {
        let model = BASE.as_ref().map_err(|text| ModelError::Other(text.clone()))?.clone();
        at_once(Enforcer::new(model, LineAdapter(lines)))?.map(Self)
    }

    /// Whether a rule without conditions in the section permits.
    pub(crate) fn permits(&self, section: &str, question: &Question<'_>) -> casbin::Result<bool> {
        let context = EnforceContext {
            r_type: "r".to_owned(),
            p_type: section.to_owned(),
            e_type: "e".to_owned(),
            m_type: "m".to_owned(),
        };
        self.0.enforce_with_context(context, question.values())
    }

    /// Whether a rule with conditions in the section permits under these facts.
    pub(crate) fn permits_under(
        &self,
        section: &str,
        question: &Question<'_>,
        facts: &Attributes,
    ) -> casbin::Result<bool> {
        let context = EnforceContext {
            r_type: "r2".to_owned(),
            p_type: section.to_owned(),
            e_type: "e".to_owned(),
            m_type: "m2".to_owned(),
        };
        let mut values = question.values();
        values.extend([
            facts.amount.map_or(Dynamic::UNIT, |amount| amount_text(amount.minor()).into()),
            facts.currency.map_or(Dynamic::UNIT, |currency| currency.code().into()),
            facts.own.map_or(Dynamic::UNIT, Dynamic::from),
            facts.hour.map_or(Dynamic::UNIT, |hour| Dynamic::from(INT::from(hour.get()))),
            facts.country.map_or(Dynamic::UNIT, |country| country.code().into()),
            facts.mfa.map_or(Dynamic::UNIT, Dynamic::from),
        ]);
        self.0.enforce_with_context(context, values)
    }
}

/// Who wants to do what, where.
pub(crate) struct Question<'a> {
    pub(crate) role: &'a ImmutableString,
    pub(crate) domain: &'a ImmutableString,
    pub(crate) action: &'static ActionEntry,
}

impl Question<'_> {
    fn values(&self) -> Vec<Dynamic> {
        let mut values = Vec::with_capacity(10);
        values.extend([
            self.role.clone().into(),
            self.domain.clone().into(),
            self.action.object.into(),
            self.action.act.into(),
        ]);
        values
    }
}
