//! Customers: sealed at rest, whole when read, found by e-mail address, one for each person.

use payments::{
    Change, PageRequest,
    customer::{self, Address, CustomerDraft, CustomerFilter, CustomerUpdate},
};

use super::world::{World, api_key, end_user, member, person, refused};

fn ada() -> CustomerDraft {
    CustomerDraft {
        name: Some("Ada Lovelace".to_owned()),
        email: Some("Ada@Example.org".to_owned()),
        phone: Some("+49 30 1234567".to_owned()),
        address: Some(Address {
            line1: Some("Unter den Linden 1".to_owned()),
            country: Some("DE".to_owned()),
            ..Address::default()
        }),
        tax_id: Some("DE123456789".to_owned()),
        metadata: [("tier".to_owned(), "gold".to_owned())].into(),
        ..CustomerDraft::default()
    }
}

#[tokio::test]
async fn a_customer_reads_back_as_made_and_the_row_holds_nothing_in_clear() {
    let world = World::start().await;
    let owner = api_key("owner");
    let created = world.customer(&owner, ada()).await;

    let tx = world.begin().await;
    let read = customer::retrieve(&world.context(&tx, &owner), &world.permit(&owner), created.id).await.unwrap();
    assert_eq!(read, created);
    assert_eq!(read.email.as_deref(), Some("Ada@Example.org"), "as given, not as indexed");
    assert!(!read.livemode);
    let rows: String = tx
        .with_connection(|connection| {
            // A row as text shows its bytes in hexadecimal.
            let sql = "SELECT string_agg(row::text, '') FROM customer AS row";
            Box::pin(async move { sqlx::query_scalar(sql).fetch_one(connection).await })
        })
        .await
        .unwrap();
    for clear in ["Ada", "Lovelace", "ample.org", "1234567", "Linden", "DE123456789"] {
        let hex = clear.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert!(!rows.contains(clear) && !rows.contains(&hex), "{clear} is in the row");
        assert!(!format!("{read:?} {:?}", ada()).contains(clear), "{clear} is in debug output");
    }
    assert!(rows.contains("gold"), "metadata is the merchant's and stays readable");
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let world = World::start().await;
    let owner = member("owner");
    let created = world.customer(&owner, ada()).await;
    world.tick();
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let update = CustomerUpdate {
        email: Change::Value("countess@example.org".to_owned()),
        phone: Change::Null,
        address: Change::Value(Address { city: Some("London".to_owned()), ..Address::default() }),
        metadata: Change::Value([("tier".to_owned(), None), ("seen".to_owned(), Some("yes".to_owned()))].into()),
        ..CustomerUpdate::default()
    };
    let updated = customer::update(&context, &world.permit(&owner), created.id, update).await.unwrap();
    let read = customer::retrieve(&context, &world.permit(&owner), created.id).await.unwrap();
    assert_eq!(read, updated);
    assert_eq!((read.name, read.tax_id), (created.name, created.tax_id));
    assert_eq!((read.email.as_deref(), read.phone), (Some("countess@example.org"), None));
    let address = read.address.unwrap();
    assert_eq!((address.city.as_deref(), address.line1), (Some("London"), None), "replaced as a whole");
    assert_eq!(read.metadata, [("seen".to_owned(), "yes".to_owned())].into());

    let by_email = async |email: &str| {
        let filter = CustomerFilter { email: Some(email.to_owned()) };
        let request = PageRequest::try_new(None, None, None).unwrap();
        customer::list(&context, &world.permit(&owner), filter, request).await.unwrap().items.len()
    };
    assert_eq!(by_email("countess@example.org").await, 1);
    assert_eq!(by_email("ada@example.org").await, 0, "the index follows the address");

    let everything_off = CustomerUpdate {
        name: Change::Null,
        email: Change::Null,
        phone: Change::Null,
        address: Change::Null,
        tax_id: Change::Null,
        metadata: Change::Null,
    };
    let bare = customer::update(&context, &world.permit(&owner), created.id, everything_off).await.unwrap();
    assert_eq!((bare.name, bare.email, bare.address, bare.metadata), (None, None, None, [].into()));
    tx.commit(()).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM customer WHERE email_index IS NOT NULL").await, 0);
}

#[tokio::test]
async fn an_email_address_is_found_whatever_its_case_and_only_whole() {
    let world = World::start().await;
    let owner = api_key("owner");
    let first = world.customer(&owner, ada()).await;
    let second = world.customer(&owner, CustomerDraft { email: Some(" ADA@EXAMPLE.ORG ".to_owned()), ..ada() }).await;
    world.customer(&owner, CustomerDraft { email: Some("bob@example.org".to_owned()), ..ada() }).await;
    world.customer(&owner, CustomerDraft::default()).await;

    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let found = async |email: &str| {
        let filter = CustomerFilter { email: Some(email.to_owned()) };
        let request = PageRequest::try_new(None, None, None).unwrap();
        customer::list(&context, &world.permit(&owner), filter, request).await
    };
    let ids: Vec<_> = found("aDa@example.org").await.unwrap().items.iter().map(|customer| customer.id).collect();
    assert_eq!(ids, [second.id, first.id]);
    assert_eq!(found("da@example.org").await.unwrap().items, []);
    assert_eq!(refused(found("' OR 1=1").await), ("email_invalid", Some("email")));
}

#[tokio::test]
async fn an_end_user_has_one_customer_his_own_and_sees_no_other() {
    let world = World::start().await;
    let ada_user = end_user("ada");
    let mine = world.customer(&ada_user, ada()).await;
    assert_eq!(mine.subject, Some(person("ada")));
    let other = world.customer(&api_key("owner"), CustomerDraft { subject: Some(person("bob")), ..ada() }).await;
    let unlinked = world.customer(&api_key("owner"), ada()).await;

    let tx = world.begin().await;
    let context = world.context(&tx, &ada_user);
    let again = customer::create(&context, &world.permit(&ada_user), ada()).await;
    assert_eq!(refused(again), ("customer_exists", Some("identity")));
    let for_bob = CustomerDraft { subject: Some(person("bob")), ..ada() };
    let result = customer::create(&context, &world.permit(&ada_user), for_bob).await;
    assert_eq!(refused(result), ("parameter_invalid", Some("identity")));
    assert_eq!(customer::retrieve(&context, &world.permit(&ada_user), mine.id).await.unwrap().id, mine.id);
    let nobody = kernel::CustomerId::from_uuid(uuid::Uuid::from_u128(7));
    for foreign in [other.id, unlinked.id, nobody] {
        let result = customer::retrieve(&context, &world.permit(&ada_user), foreign).await;
        assert_eq!(refused(result), ("resource_missing", Some("id")));
        let update = CustomerUpdate { name: Change::Value("x".to_owned()), ..CustomerUpdate::default() };
        let result = customer::update(&context, &world.permit(&ada_user), foreign, update).await;
        assert_eq!(refused(result), ("resource_missing", Some("id")));
    }
    let update = CustomerUpdate { name: Change::Value("Countess".to_owned()), ..CustomerUpdate::default() };
    customer::update(&context, &world.permit(&ada_user), mine.id, update).await.unwrap();
    // The refusals left the transaction good.
    tx.commit(()).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM customer").await, 3);
}

#[tokio::test]
async fn bad_fields_are_named_and_nothing_is_stored() {
    let world = World::start().await;
    let owner = api_key("owner");
    let tx = world.begin().await;
    let text = |text: &str| Some(text.to_owned());
    let address = |address| CustomerDraft { address: Some(address), ..CustomerDraft::default() };
    let base = CustomerDraft::default;
    let cases = [
        (CustomerDraft { name: text("a\0b"), ..base() }, "parameter_invalid_characters", "name"),
        (CustomerDraft { name: text(&"x".repeat(257)), ..base() }, "parameter_too_long", "name"),
        (CustomerDraft { name: text(""), ..base() }, "parameter_invalid_empty", "name"),
        (CustomerDraft { email: text("nobody"), ..base() }, "email_invalid", "email"),
        (CustomerDraft { email: text(&"x".repeat(513)), ..base() }, "parameter_too_long", "email"),
        (CustomerDraft { phone: text(&"1".repeat(33)), ..base() }, "parameter_too_long", "phone"),
        (CustomerDraft { tax_id: text("\u{1b}[0m"), ..base() }, "parameter_invalid_characters", "tax_id"),
        (
            address(Address { city: text("a\nb"), ..Address::default() }),
            "parameter_invalid_characters",
            "address[city]",
        ),
        (address(Address { country: text("de"), ..Address::default() }), "parameter_invalid", "address[country]"),
        (
            CustomerDraft { metadata: [("k\0".to_owned(), "v".to_owned())].into(), ..base() },
            "parameter_invalid_characters",
            "metadata",
        ),
        (
            CustomerDraft {
                subject: Some(tenancy::actor::Subject { issuer: String::new(), subject: "x".into() }),
                ..base()
            },
            "parameter_invalid_empty",
            "identity[issuer]",
        ),
    ];
    for (draft, code, param) in cases {
        let result = customer::create(&world.context(&tx, &owner), &world.permit(&owner), draft).await;
        assert_eq!(refused(result), (code, Some(param)));
    }
    let longest = CustomerDraft { name: text(&"\u{1f600}".repeat(256)), ..base() };
    customer::create(&world.context(&tx, &owner), &world.permit(&owner), longest).await.unwrap();
    tx.commit(()).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM customer").await, 1);
}
