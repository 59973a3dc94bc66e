//! A change on the platform: sent once by name, followed to its end, and told in one shape.

use serde_json::{Map, Value, json};

use crate::{
    arguments::{RequestKey, WaitArguments, WriteArguments},
    client::{Reply, WriteRequest},
    failure::Failure,
    follow::{follow, follow_unfinished},
    operation::Operation,
    output::{Document, Table, cell, text_of, word},
    session::Session,
};

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Undertaking {
    path: String,
    body: Value,
    tenant: Option<String>,
    operation_id: Option<String>,
    part: Option<&'static str>,
    over_many: bool,
}

impl Undertaking {
    /// A POST to `path`.
    pub(crate) fn new(path: String, body: Value) -> Self {
        Self { path, body, tenant: None, operation_id: None, part: None, over_many: false }
    }

    /// Names the tenant, for failures.
    pub(crate) fn about(mut self, slug: &kernel::Slug) -> Self {
        self.tenant = Some(slug.to_string());
        self
    }

    /// Names the operation to follow when the answer names none.
    pub(crate) fn with_operation(mut self, id: &str) -> Self {
        self.operation_id = Some(id.to_owned());
        self
    }

    /// Says that each tenant has a result of its own, so that a failed operation still has something to show.
    pub(crate) fn over_many(mut self) -> Self {
        self.over_many = true;
        self
    }

    /// Tells this request from the others of the same run.
    pub(crate) fn part(mut self, part: &'static str) -> Self {
        self.part = Some(part);
        self
    }
}

/// How far it went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A dry run, or a detached operation: there is nothing more to say than this.
    Early(Document),
    /// Done, or found done.
    Finished(Change),
}

/// What the server did.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Whether anything is different now.
    pub(crate) changed: bool,
    /// `created`, `updated`, `unchanged`, …
    pub(crate) action: String,
    /// The object after it.
    pub(crate) object: Value,
    /// The operation that did it.
    pub(crate) operation_id: Option<String>,
    /// The server's name for the request.
    pub(crate) request_id: Option<String>,
    /// The operation, if it was followed.
    pub(crate) operation: Option<Box<Operation>>,
    /// Fields of ours beside those of the contract.
    pub(crate) further: Map<String, Value>,
}

impl Change {
    fn from_reply(mut reply: Reply) -> Self {
        let body = &mut reply.body;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            changed: body.get("changed").and_then(Value::as_bool).unwrap_or(true),
            action: text("action").unwrap_or_else(|| "done".to_owned()),
            operation_id: text("operation_id"),
            request_id: text("request_id").or(reply.request_id),
            object: body.get_mut("object").map(Value::take).unwrap_or_default(),
            operation: None,
            further: Map::new(),
        }
    }

    /// The result in the shape of every write; people read `action kind name`, as the object names itself.
    pub(crate) fn document(self) -> Document {
        let kind = self.object.pointer("/object").and_then(Value::as_str).unwrap_or("request").to_owned();
        let name = ["/slug", "/id", "/tenant"]
            .iter()
            .find_map(|pointer| self.object.pointer(pointer).and_then(Value::as_str))
            .unwrap_or("-")
            .to_owned();
        self.document_of(&kind, &name)
    }

    /// The same for an object that does not say what to call it.
    pub(crate) fn document_of(self, kind: &str, name: &str) -> Document {
        let line = format!("{} {kind} {name}", self.action);
        Document::new(self.value()).name(kind, name).text(line)
    }

    fn value(self) -> Value {
        let mut value = json!({
            "changed": self.changed,
            "action": self.action,
            "object": self.object,
            "operation_id": self.operation_id,
            "request_id": self.request_id,
        });
        if let Value::Object(fields) = &mut value {
            fields.extend(self.further);
        }
        value
    }
}

impl Session {
    /// Sends the request and follows its operation. A failed operation is an error, unless it is over many tenants.
    pub(crate) async fn perform(
        &self,
        undertaking: Undertaking,
        write: &WriteArguments,
        wait: &WaitArguments,
    ) -> Result<Outcome, Failure> {
        let tenant = undertaking.tenant.clone();
        let named = |failure: Failure| match &tenant {
            Some(slug) => failure.for_tenant(slug),
            None => failure,
        };
        let (fallback, over_many) = (undertaking.operation_id.clone(), undertaking.over_many);
        let mut change = match self.send(undertaking, write).await.map_err(named)? {
            Outcome::Finished(change) => change,
            early @ Outcome::Early(_) => return Ok(early),
        };
        let Some(id) = change.operation_id.clone().or(fallback) else {
            return Ok(Outcome::Finished(change));
        };
        if wait.detach {
            return Ok(Outcome::Early(detached(change, &id)));
        }
        let followed = if change.changed {
            follow(self, &id, wait.timeout).await
        } else {
            follow_unfinished(self, &id, wait.timeout).await
        };
        let operation = followed.map_err(named)?;
        if let Some(failure) = operation.failure().filter(|_| !over_many) {
            return Err(named(failure).request(change.request_id));
        }
        change.operation = Some(Box::new(operation));
        Ok(Outcome::Finished(change))
    }

    /// Sends a request that is done when it is answered.
    pub(crate) async fn perform_at_once(
        &self,
        undertaking: Undertaking,
        write: &WriteArguments,
    ) -> Result<Outcome, Failure> {
        let tenant = undertaking.tenant.clone();
        self.send(undertaking, write).await.map_err(|failure| match &tenant {
            Some(slug) => failure.for_tenant(slug),
            None => failure,
        })
    }

    async fn send(&self, undertaking: Undertaking, write: &WriteArguments) -> Result<Outcome, Failure> {
        let key: RequestKey = self.request_key(write);
        let key = undertaking.part.map_or_else(|| key.clone(), |part| key.of_part(part));
        let request = WriteRequest {
            path: undertaking.path,
            body: undertaking.body,
            key: &key,
            reason: write.reason.as_deref(),
            dry_run: write.dry_run,
        };
        let reply = self.client.write(&request).await?;
        Ok(if write.dry_run { Outcome::Early(planned(reply)) } else { Outcome::Finished(Change::from_reply(reply)) })
    }
}

/// The answer to `--dry-run`.
fn planned(reply: Reply) -> Document {
    let changes = changes_of(&reply.body);
    let document = Document::new(reply.body);
    show_changes(document, &changes).text("Dry run: nothing was changed")
}

/// The changes in a plan or a dry run.
pub(crate) fn changes_of(value: &Value) -> Vec<Value> {
    value.get("changes").and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Adds the changes for people, and their names.
pub(crate) fn show_changes(document: Document, changes: &[Value]) -> Document {
    if changes.is_empty() {
        return document.text("No changes");
    }
    let mut table = Table::new(["action", "tenant", "field", "from", "to"]);
    let mut document = document;
    for change in changes {
        document = document.name("tenant", &text_of(change, "/tenant"));
        table.row([
            word(&text_of(change, "/action")),
            cell(text_of(change, "/tenant")),
            cell(text_of(change, "/field")),
            cell(text_of(change, "/from")),
            cell(text_of(change, "/to")),
        ]);
    }
    document.table(table)
}

fn detached(change: Change, id: &str) -> Document {
    let text = format!("{id} is with the server; follow it with `tessera operation wait {id}`");
    Document::new(change.value()).name("operation", id).text(text)
}
