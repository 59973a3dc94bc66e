//! What is sealed for one place is worth nothing in another: fields, data keys, indexes.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::{DATA_KEY_TTL_SECONDS, customer, short_lived_keys};
use crate::app::{App, transfer_of, until::until_status};

pub async fn a_sealed_field_opens_in_its_own_place_only(app: App) {
    let stack = app.shared().await;
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let (here, there) = (tenant.test.member("owner"), other.test.member("owner"));
    let live = tenant.live.member("owner");
    let (victim, row) = customer(&here, "Victim").await;
    let (_, neighbour) = customer(&here, "Neighbour").await;
    let (_, foreign) = customer(&there, "Foreign").await;
    let (_, of_live) = customer(&live, "Livemode").await;
    let (s, f, l) = (&tenant.test.schema, &other.test.schema, &tenant.live.schema);
    let original = format!("CREATE TEMP TABLE original AS SELECT * FROM {s}.customer WHERE id = '{row}'");
    let mut attempts = Vec::new();
    for column in ["name", "email", "phone", "tax_id", "address"] {
        for (what, source) in [
            ("of another row", format!("(SELECT {column} FROM {s}.customer WHERE id = '{neighbour}')")),
            ("of another tenant", format!("(SELECT {column} FROM {f}.customer WHERE id = '{foreign}')")),
            ("of the live side", format!("(SELECT {column} FROM {l}.customer WHERE id = '{of_live}')")),
            ("with a bit changed", format!("set_bit({column}, 8 * 40, 1 - get_bit({column}, 8 * 40))")),
            (
                "with its tag changed",
                format!("set_byte({column}, length({column}) - 1, 255 - get_byte({column}, length({column}) - 1))"),
            ),
            ("with its nonce changed", format!("set_byte({column}, 20, 255 - get_byte({column}, 20))")),
            ("of another key", format!("set_byte({column}, 3, 255 - get_byte({column}, 3))")),
            ("of version 0", format!("set_byte({column}, 0, 0)")),
            ("of version 2", format!("set_byte({column}, 0, 2)")),
            ("cut", format!("substring({column} FROM 1 FOR length({column}) - 1)")),
            ("with a byte more", format!("{column} || '\\x00'::bytea")),
            ("empty", "''::bytea".to_owned()),
            ("in plain text", "'Victim'::bytea".to_owned()),
        ] {
            attempts.push((format!("{column} {what}"), column, source));
        }
    }
    attempts.push(("name from column phone".to_owned(), "name", "phone".to_owned()));
    attempts.push(("phone from column name".to_owned(), "phone", "name".to_owned()));
    attempts.push(("email from column tax_id".to_owned(), "email", "tax_id".to_owned()));
    let mut connection = stack.database.pool().acquire().await.unwrap();
    let run = async |connection: &mut sqlx::PgConnection, sql: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.unwrap();
    };
    run(&mut connection, original).await;
    let path = format!("/v1/customers/{victim}");
    for (what, column, source) in &attempts {
        run(&mut connection, format!("UPDATE {s}.customer SET {column} = {source} WHERE id = '{row}'")).await;
        for path in [path.as_str(), "/v1/customers"] {
            let answer = here.get(path).await;
            assert_eq!(
                (answer.status, answer.code().as_deref()),
                (500, Some("internal_error")),
                "{what} at {path}: {}",
                answer.text
            );
            for word in ["Victim", "victim", "Foreign", "foreign", "Livemode", "T "] {
                assert!(!answer.text.contains(word), "{what} at {path}: {}", answer.text);
            }
        }
        run(
            &mut connection,
            format!("UPDATE {s}.customer c SET {column} = o.{column} FROM original o WHERE c.id = o.id"),
        )
        .await;
    }
    run(&mut connection, "DROP TABLE original".to_owned()).await;
    drop(connection);
    app.note(format!("{} places a sealed field does not open in", attempts.len()));
    assert_eq!(here.get(&path).await.ok()["name"], "Victim", "back in its place it opens");
    let (source, destination) = (here.open_funded_wallet(100).await, here.open_wallet("eur").await);
    let transfer = |text: &str| {
        let mut body = transfer_of(&source, &destination, 1);
        body["description"] = json!(text);
        body
    };
    let first = here.post("/v1/wallet_transfers", transfer("for tea")).await.id();
    let second = here.post("/v1/wallet_transfers", transfer("for coffee")).await.id();
    let uuid = |id: &str| id.parse::<kernel::WalletTransferId>().unwrap().as_uuid();
    stack.database.execute(&format!("UPDATE {s}.wallet_transfer SET description = (SELECT description FROM {s}.wallet_transfer WHERE id = '{}') WHERE id = '{}'", uuid(&second), uuid(&first))).await;
    let answer = here.get(&format!("/v1/wallet_transfers/{first}")).await;
    answer.refused(500, "internal_error");
    assert!(!answer.text.contains("coffee"));
    stack
        .database
        .execute(&format!("UPDATE {s}.wallet_transfer SET description = NULL WHERE id = '{}'", uuid(&first)))
        .await;
}

pub async fn a_data_key_of_another_environment_does_not_unwrap(app: App) {
    let stack = app.shared().await;
    let api = stack.another_api(short_lived_keys()).await;
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let here = tenant.test.at(&api).await.member("owner");
    let (victim, _) = customer(&here, "Victim").await;
    customer(&other.test.member("owner"), "Foreign").await;
    let (s, f) = (&tenant.test.schema, &other.test.schema);
    stack.database.execute(&format!("CREATE TABLE IF NOT EXISTS public.kept AS SELECT '{s}' AS schema, * FROM {s}.data_key WHERE false; INSERT INTO public.kept SELECT '{s}', * FROM {s}.data_key")).await;
    for (what, sql) in [
        (
            "the other tenant's",
            format!("UPDATE {s}.data_key d SET wrapped = o.wrapped FROM {f}.data_key o WHERE o.purpose = d.purpose"),
        ),
        (
            "the other tenant's with its reference",
            format!(
                "UPDATE {s}.data_key d SET wrapped = o.wrapped, key_provider = o.key_provider, key_reference = o.key_reference FROM {f}.data_key o WHERE o.purpose = d.purpose"
            ),
        ),
        (
            "the live side's",
            format!(
                "UPDATE {s}.data_key d SET wrapped = o.wrapped FROM {}.data_key o WHERE o.purpose = d.purpose",
                tenant.live.schema
            ),
        ),
        (
            "the one for the index",
            format!("UPDATE {s}.data_key d SET wrapped = o.wrapped FROM {s}.data_key o WHERE o.purpose <> d.purpose"),
        ),
        (
            "one with a bit changed",
            format!(
                "UPDATE {s}.data_key SET wrapped = set_byte(wrapped, length(wrapped) - 1, 255 - get_byte(wrapped, length(wrapped) - 1))"
            ),
        ),
    ] {
        stack.database.execute(&sql).await;
        sleep(Duration::from_secs(DATA_KEY_TTL_SECONDS + 1)).await;
        let answer = here.get(&format!("/v1/customers/{victim}")).await;
        assert_eq!(answer.status, 500, "{what}: {}", answer.text);
        assert!(!answer.text.contains("Victim"), "{what}");
        let before = stack.database.count(s, "customer").await;
        let write = here.post("/v1/customers", json!({"name": "Nobody"})).await;
        assert_eq!(write.status, 500, "{what}: {}", write.text);
        assert_eq!(stack.database.count(s, "customer").await, before, "{what}");
        stack.database.execute(&format!("UPDATE {s}.data_key d SET wrapped = k.wrapped, key_provider = k.key_provider, key_reference = k.key_reference FROM public.kept k WHERE k.id = d.id AND k.schema = '{s}'")).await;
    }
    until_status(Duration::from_secs(10), 200, || async { here.get(&format!("/v1/customers/{victim}")).await }).await;
}

pub async fn an_index_finds_by_equality_within_one_environment_only(app: App) {
    let stack = app.shared().await;
    let (tenant, other) = tokio::join!(app.tenant(), app.tenant());
    let (here, live, there) = (tenant.test.member("owner"), tenant.live.member("owner"), other.test.member("owner"));
    for client in [&here, &live, &there] {
        client.create_customer("Ada", "Ada.Lovelace@Example.com").await;
        client.create_customer("Grace", "grace@example.com").await;
    }
    for spelling in ["ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "%20Ada.Lovelace@Example.com%20"] {
        for client in [&here, &live, &there] {
            let found = client.get(&format!("/v1/customers?email={spelling}")).await.ok();
            let names: Vec<&str> =
                found["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(names, ["Ada"], "{spelling}");
        }
    }
    assert_eq!(here.get("/v1/customers?email=ada@example.com").await.ok()["data"], json!([]));
    let indexes =
        |schema: &str| format!("SELECT encode(email_index, 'hex') FROM {schema}.customer ORDER BY created_at, id");
    let mut all = Vec::new();
    for schema in [&tenant.test.schema, &tenant.live.schema, &other.test.schema] {
        all.extend(stack.database.texts(&indexes(schema)).await);
    }
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), 6, "one address has another index in every environment: {all:?}");
}
