//! A person's data: in clear for who may see it, sealed on the disk.

use anyhow::{Result, bail};
use kernel::CustomerId;
use reqwest::StatusCode;
use serde_json::json;

use super::{
    super::{servers::DATABASE, up::Running},
    client::Client,
    database,
    narrator::{quote, say, typed},
};

/// What the database must never show.
const EMAIL: &str = "buyer@shop.example";

/// Registers the buyer, finds him by his address, and looks at the row.
pub(super) async fn show_sealed(running: &mut Running, buyer: &Client, owner: &Client, schema: &str) -> Result<()> {
    let profile = json!({
        "name": "Demo Buyer",
        "email": EMAIL,
        "phone": "+4930123456",
        "address": { "line1": "Example Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE" },
    });
    // The same key on every run: the first answer comes back, and nobody is registered twice.
    let reply = buyer.post("/v1/customers", &profile, "demo-buyer-profile", StatusCode::OK).await?;
    let id = reply.text_at("/id")?;
    say(&format!("{id} is {} <{}>", reply.text_at("/name")?, reply.text_at("/email")?));

    let query = EMAIL.replace('@', "%40");
    let found = owner.get(&format!("/v1/customers?email={query}"), StatusCode::OK).await?;
    if found.text_at("/data/0/id")? != id {
        bail!("the search by e-mail address found somebody else");
    }
    say("found by e-mail address through a keyed index: the address itself is nowhere in the table");

    let row = id.parse::<CustomerId>()?.as_uuid();
    let sql = format!("SELECT id, name, email, phone FROM {schema}.customer WHERE id = '{row}'");
    typed(&format!("psql --expanded -c \"{sql}\""));
    let stored = database::row(running, &sql).await?;
    if stored.contains(EMAIL) || stored.contains("Demo Buyer") {
        bail!("the database shows a personal field in clear");
    }
    quote(&stored);

    // Columns of bytes are dumped in hexadecimal, so that is looked for as well.
    let pattern = format!("{EMAIL}|{}", hex::encode(EMAIL));
    typed(&format!("pg_dump {DATABASE} | grep --count --extended-regexp '{pattern}'"));
    let dump = database::dump(running).await?;
    let hits = dump.lines().filter(|line| pattern.split('|').any(|text| line.contains(text))).count();
    quote(&hits.to_string());
    if hits > 0 {
        bail!("a dump of the database shows a personal field in clear");
    }
    Ok(())
}
