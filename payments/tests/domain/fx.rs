//! Conversion between currencies: rates as published, quotes as promised, money as booked.

use futures::future::join_all;
use kernel::{Currency, CustomerId, FxQuoteId, WalletId};
use payments::{
    Change, Error, PageRequest,
    customer::CustomerDraft,
    fx::{
        Refusal,
        conversion::{self, FxConversion, FxConversionDraft, FxConversionFilter},
        ecb,
        quote::{self, FxQuote, FxQuoteDraft, FxQuoteFilter, LockDuration, LockStatus},
        rate::{self, FxRateDraft, Loaded},
        settings::{self, FxSettingsUpdate},
    },
};
use tenancy::Actor;
use time::macros::date;

use super::world::{World, amount, api_key, end_user, person, refused};

/// The form of the published history; the figures are made up. The world's clock stands at 2026-09-21.
const HISTORY: &str = "Date,USD,JPY,GBP,BHD,\n\
    2026-09-21,1.25,160,0.8,0.5,\n\
    2026-09-18,1.2,150,0.75,0.4,\n\
    2026-09-22,9,9,9,9,\n";

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn file(text: &str) -> ecb::File {
    let mut reader = ecb::Reader::default();
    reader.feed(text.as_bytes()).unwrap();
    reader.finish().unwrap()
}

impl World {
    async fn load(&self, text: &str) -> Loaded {
        self.tick();
        let owner = api_key("owner");
        let tx = self.begin().await;
        let loaded = rate::load(&self.context(&tx, &owner), &self.permit(&owner), &file(text).days).await.unwrap();
        tx.commit(loaded).await.unwrap().into_inner()
    }

    async fn quote_as(&self, actor: &Actor, draft: FxQuoteDraft) -> Result<FxQuote, Error<Refusal>> {
        self.tick();
        let tx = self.begin().await;
        // Committed either way: a refusal must have written nothing.
        let result = quote::create(&self.context(&tx, actor), &self.permit(actor), draft).await;
        tx.commit(result).await.unwrap().into_inner()
    }

    /// An hour's quote of the merchant.
    async fn quote(&self, from: &str, to: &str, customer: Option<CustomerId>) -> FxQuote {
        self.quote_as(&api_key("owner"), draft(&[from], to, LockDuration::Hour, customer)).await.unwrap()
    }

    async fn convert(&self, actor: &Actor, draft: FxConversionDraft) -> Result<FxConversion, Error<Refusal>> {
        let tx = self.begin().await;
        let result = conversion::create(&self.context(&tx, actor), &self.permit(actor), draft).await;
        tx.commit(result).await.unwrap().into_inner()
    }

    async fn read_quote(&self, id: FxQuoteId) -> FxQuote {
        let owner = api_key("owner");
        let tx = self.begin().await;
        quote::retrieve(&self.context(&tx, &owner), &self.permit(&owner), id).await.unwrap()
    }

    async fn set(&self, update: FxSettingsUpdate) -> Result<u16, Error<Refusal>> {
        let owner = api_key("owner");
        let tx = self.begin().await;
        let result = settings::update(&self.context(&tx, &owner), &self.permit(&owner), update).await;
        tx.commit(result).await.unwrap().into_inner().map(|settings| settings.spread_basis_points)
    }
}

fn draft(from: &[&str], to: &str, lock_duration: LockDuration, customer: Option<CustomerId>) -> FxQuoteDraft {
    let from_currencies = from.iter().map(|code| currency(code)).collect();
    FxQuoteDraft { customer, to_currency: currency(to), from_currencies, lock_duration }
}

fn use_of(quote: FxQuoteId, source: WalletId, destination: WalletId, minor: i64) -> FxConversionDraft {
    FxConversionDraft { quote, source, destination, amount: amount(minor), currency: None, metadata: [].into() }
}

#[tokio::test]
async fn a_file_is_loaded_once_and_its_corrections_count() {
    let world = World::start().await;
    assert_eq!(world.load(HISTORY).await, Loaded { loaded: 3, unchanged: 0 });
    assert_eq!(world.load(HISTORY).await, Loaded { loaded: 0, unchanged: 3 });
    let corrected = HISTORY.replace("1.25", "1.26");
    assert_eq!(world.load(&corrected).await, Loaded { loaded: 1, unchanged: 2 });
    // What it was before is a correction too.
    assert_eq!(world.load(HISTORY).await, Loaded { loaded: 1, unchanged: 2 });
    assert_eq!(world.count("SELECT count(*) FROM fx_rate").await, 5);

    let owner = api_key("owner");
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    let request = |after| PageRequest::try_new(Some(2), after, None).unwrap();
    let first = rate::list(&context, &world.permit(&owner), request(None)).await.unwrap();
    let second = rate::list(&context, &world.permit(&owner), request(Some(first.items[1].id))).await.unwrap();
    let dates: Vec<_> = first.items.iter().chain(&second.items).map(|rate| rate.effective_on).collect();
    assert_eq!(dates, [22, 21, 21, 21].map(|day| date!(2026 - 09 - 01).replace_day(day).unwrap()));
    assert!(first.has_more && second.has_more);
    assert_eq!(first.items[0].rates["usd"].to_string(), "9");
}

#[tokio::test]
async fn the_newest_rate_that_is_in_force_counts_whatever_its_base() {
    let world = World::start().await;
    let owner = api_key("owner");
    let rate_of = async |from: &str, to: &str| {
        let quoted = world.quote_as(&owner, draft(&[from], to, LockDuration::None, None)).await;
        quoted.map(|quote| quote.rates[from].base_rate.to_string())
    };
    assert_eq!(refused(rate_of("eur", "usd").await), ("fx_rate_missing", Some("from_currencies")));
    world.load(HISTORY).await;
    assert_eq!(rate_of("eur", "usd").await.unwrap(), "1.25", "tomorrow's is not in force");
    assert_eq!(rate_of("usd", "jpy").await.unwrap(), "128");
    assert_eq!(rate_of("jpy", "bhd").await.unwrap(), "0.003125");
    assert_eq!(refused(rate_of("chf", "usd").await), ("fx_rate_missing", Some("from_currencies")));
    // By hand, of the same day: the pair itself comes before the way through the euro.
    let publish = async |base: &str, other: &str, rate: &str| {
        world.tick();
        let tx = world.begin().await;
        let rates = vec![(currency(other), rate.parse().unwrap())];
        let draft = FxRateDraft { base: currency(base), rates, effective_on: None, source: None };
        let result = rate::create(&world.context(&tx, &owner), &world.permit(&owner), draft).await;
        tx.commit(result).await.unwrap().into_inner()
    };
    let published = publish("usd", "jpy", "100").await.unwrap();
    assert_eq!((published.effective_on, published.source.as_str()), (date!(2026 - 09 - 21), "staff"));
    assert_eq!(rate_of("usd", "jpy").await.unwrap(), "100");
    assert_eq!(rate_of("jpy", "usd").await.unwrap(), "0.01");
    assert_eq!(refused(publish("usd", "usd", "1").await), ("parameter_invalid", Some("rates")));
    world.clock.advance(86_400);
    assert_eq!(rate_of("usd", "jpy").await.unwrap(), "1", "the way through the euro is newer by now");
    // Old rates count until the merchant says how old they may be.
    world.clock.advance(86_400 * 30);
    assert_eq!(rate_of("eur", "usd").await.unwrap(), "9");
    world.set(FxSettingsUpdate { rate_age_days_max: Change::Value(30), ..Default::default() }).await.unwrap();
    assert_eq!(rate_of("eur", "usd").await.unwrap(), "9");
    world.clock.advance(86_400);
    assert_eq!(refused(rate_of("eur", "usd").await), ("fx_rate_missing", Some("from_currencies")));
    world.set(FxSettingsUpdate { rate_age_days_max: Change::Null, ..Default::default() }).await.unwrap();
    assert_eq!(rate_of("eur", "usd").await.unwrap(), "9");
}

#[tokio::test]
async fn a_conversion_is_two_legs_and_the_spread_is_revenue() {
    let world = World::start().await;
    world.load(HISTORY).await;
    let owner = api_key("owner");
    let euros = world.wallet(None, 100_000).await.id;
    let dollars = world.wallet_in(currency("usd"), None, 0).await.id;
    let quote = world.quote("eur", "usd", None).await;
    assert_eq!(quote.rates["eur"].exchange_rate.to_string(), "1.2375");
    let mut wanted = use_of(quote.id, euros, dollars, 10_001);
    wanted.metadata = [("order".to_owned(), "7".to_owned())].into();
    let made = world.convert(&owner, wanted).await.unwrap();
    // 12,376.2375 is cut off; without the spread it is 12,501.25, to the nearest.
    assert_eq!((made.destination_amount.minor(), made.spread_minor), (12_376, 125));
    assert_eq!((world.balance(euros).await, world.balance(dollars).await), (89_999, 12_376));
    for (purpose, code, expected) in
        [("fx_position", "eur", 10_001), ("fx_position", "usd", -12_501), ("fx_revenue", "usd", 125)]
    {
        let tx = world.begin().await;
        let found: i64 = tx
            .with_connection(move |connection| {
                Box::pin(async move {
                    sqlx::query_scalar(
                        "SELECT a.balance_minor FROM ledger_clearing_account c JOIN ledger_account a ON a.id = c.account_id \
                         WHERE c.purpose = $1 AND c.currency = $2",
                    )
                    .bind(purpose)
                    .bind(code)
                    .fetch_one(connection)
                    .await
                })
            })
            .await
            .unwrap();
        assert_eq!(found, expected, "{purpose} {code}");
    }
    let tx = world.begin().await;
    let context = world.context(&tx, &owner);
    assert_eq!(conversion::retrieve(&context, &world.permit(&owner), made.id).await.unwrap(), made);
    let filter = FxConversionFilter { wallet: Some(dollars), customer: None };
    let request = PageRequest::try_new(None, None, None).unwrap();
    let listed = conversion::list(&context, &world.permit(&owner), filter, request).await.unwrap();
    assert_eq!(listed.items, [made]);
    drop(tx);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_quote_is_used_once_whoever_is_first() {
    let world = World::start().await;
    world.load(HISTORY).await;
    let owner = api_key("owner");
    let euros = world.wallet(None, 100_000).await.id;
    let dollars = world.wallet_in(currency("usd"), None, 0).await.id;
    let quote = world.quote("eur", "usd", None).await;
    let attempts = (0..8).map(|_| world.convert(&owner, use_of(quote.id, euros, dollars, 1_000)));
    let results = join_all(attempts).await;
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for result in lost {
        assert_eq!(refused(result), ("fx_quote_used", Some("quote")));
    }
    assert_eq!(world.balance(euros).await, 99_000);
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_quote_that_is_over_or_never_locked_moves_nothing() {
    let world = World::start().await;
    world.load(HISTORY).await;
    let owner = api_key("owner");
    let euros = world.wallet(None, 100_000).await.id;
    let dollars = world.wallet_in(currency("usd"), None, 0).await.id;
    let told = world.quote_as(&owner, draft(&["eur"], "usd", LockDuration::None, None)).await.unwrap();
    assert_eq!((told.lock_status, told.lock_expires), (LockStatus::None, None));
    let hour = world.quote("eur", "usd", None).await;
    assert_eq!(hour.lock_status, LockStatus::Active);
    world.clock.advance(3_599);
    assert_eq!(world.read_quote(hour.id).await.lock_status, LockStatus::Active);
    world.clock.advance(1);
    assert_eq!(world.read_quote(hour.id).await.lock_status, LockStatus::Expired);
    let before = world.count("SELECT count(*) FROM ledger_transfer").await;
    for (quote, code) in [(told.id, "fx_quote_not_locked"), (hour.id, "fx_quote_expired")] {
        let result = world.convert(&owner, use_of(quote, euros, dollars, 1_000)).await;
        assert_eq!(refused(result), (code, Some("quote")));
    }
    let live = world.quote("eur", "usd", None).await.id;
    let pounds = world.wallet_in(currency("gbp"), None, 0).await.id;
    let mut named = use_of(live, euros, dollars, 10);
    named.currency = Some(currency("usd"));
    let missing = WalletId::from_uuid(uuid::Uuid::nil());
    for (wanted, expected) in [
        (use_of(live, euros, euros, 10), ("same_wallet", Some("destination"))),
        (use_of(live, euros, pounds, 10), ("currency_mismatch", Some("quote"))),
        (use_of(live, pounds, dollars, 10), ("currency_mismatch", Some("quote"))),
        (named, ("currency_mismatch", Some("currency"))),
        (use_of(live, euros, dollars, 100_001), ("insufficient_funds", Some("amount"))),
        (use_of(live, missing, dollars, 10), ("resource_missing", Some("source"))),
        (use_of(live, euros, missing, 10), ("resource_missing", Some("destination"))),
        (use_of(FxQuoteId::from_uuid(uuid::Uuid::nil()), euros, dollars, 10), ("resource_missing", Some("quote"))),
    ] {
        assert_eq!(refused(world.convert(&owner, wanted).await), expected);
    }
    let yen = world.wallet_in(currency("jpy"), None, 10).await.id;
    let small = world.quote("jpy", "usd", None).await.id;
    let converted = world.convert(&owner, use_of(small, yen, dollars, 1)).await;
    assert_eq!(refused(converted), ("amount_too_small", Some("amount")));
    assert_eq!(world.count("SELECT count(*) FROM ledger_transfer").await, before + 1, "only the funding of the yen");
    assert_eq!(world.count("SELECT count(*) FROM fx_conversion").await, 0);
    // What was refused has not used the quote up.
    world.convert(&owner, use_of(live, euros, dollars, 100_000)).await.unwrap();
    world.assert_books_are_right().await;
}

#[tokio::test]
async fn a_quote_is_for_its_customer_only() {
    let world = World::start().await;
    world.load(HISTORY).await;
    let (ada, bob) = (end_user("ada"), end_user("bob"));
    let customer = async |actor: &Actor, name: &str| {
        let draft = CustomerDraft { subject: Some(person(name)), ..CustomerDraft::default() };
        world.customer(actor, draft).await.id
    };
    let none_yet = world.quote_as(&ada, draft(&["eur"], "usd", LockDuration::Day, None)).await;
    assert_eq!(refused(none_yet), ("customer_required", Some("customer")));
    let (ada_id, bob_id) = (customer(&api_key("owner"), "ada").await, customer(&api_key("owner"), "bob").await);
    let adas = world.wallet(Some(ada_id), 10_000).await.id;
    let bobs = world.wallet(Some(bob_id), 10_000).await.id;
    let dollars = world.wallet_in(currency("usd"), Some(ada_id), 0).await.id;

    let hers = world.quote_as(&ada, draft(&["eur"], "usd", LockDuration::Day, None)).await.unwrap();
    assert_eq!(hers.customer, Some(ada_id));
    let for_bob = world.quote_as(&ada, draft(&["eur"], "usd", LockDuration::Day, Some(bob_id))).await;
    assert_eq!(refused(for_bob), ("resource_missing", Some("customer")));
    let shops = world.quote("eur", "usd", None).await;

    // To another customer neither her quote nor the merchant's is there; the merchant is told whose it is.
    for quote in [hers.id, shops.id] {
        let tried = world.convert(&bob, use_of(quote, bobs, dollars, 100)).await;
        assert_eq!(refused(tried), ("resource_missing", Some("quote")));
    }
    let tried = world.convert(&api_key("operator"), use_of(hers.id, bobs, dollars, 100)).await;
    assert_eq!(refused(tried), ("fx_quote_of_another_customer", Some("quote")));
    let tried = world.convert(&ada, use_of(hers.id, bobs, dollars, 100)).await;
    assert_eq!(refused(tried), ("resource_missing", Some("source")));

    let made = world.convert(&ada, use_of(hers.id, adas, dollars, 100)).await.unwrap();
    assert_eq!((made.customer, made.destination_amount.minor()), (Some(ada_id), 123));
    world.convert(&api_key("operator"), use_of(shops.id, bobs, dollars, 100)).await.unwrap();

    let tx = world.begin().await;
    let (of_ada, of_bob) = (world.context(&tx, &ada), world.context(&tx, &bob));
    let request = || PageRequest::try_new(None, None, None).unwrap();
    let quotes = quote::list(&of_ada, &world.permit(&ada), FxQuoteFilter::default(), request()).await.unwrap();
    assert_eq!(quotes.items.iter().map(|quote| quote.id).collect::<Vec<_>>(), [hers.id]);
    let quotes = quote::list(&of_bob, &world.permit(&bob), FxQuoteFilter::default(), request()).await.unwrap();
    assert_eq!(quotes.items, []);
    let seen = conversion::retrieve(&of_bob, &world.permit(&bob), made.id).await;
    assert_eq!(refused(seen), ("resource_missing", Some("id")));
    let page = PageRequest::try_new(None, None, None).unwrap();
    let listed = conversion::list(&of_bob, &world.permit(&bob), FxConversionFilter::default(), page).await.unwrap();
    assert_eq!(listed.items.iter().map(|made| made.customer).collect::<Vec<_>>(), [Some(bob_id)]);
}

#[tokio::test]
async fn the_spread_is_the_merchants_to_set() {
    let world = World::start().await;
    world.load(HISTORY).await;
    let before = world.quote("eur", "usd", None).await;
    let spread = |points| FxSettingsUpdate { spread_basis_points: Some(points), ..FxSettingsUpdate::default() };
    for (points, rate) in [(0, "1.25"), (5_000, "0.625"), (25, "1.246875")] {
        assert_eq!(i64::from(world.set(spread(points)).await.unwrap()), points);
        assert_eq!(world.quote("eur", "usd", None).await.rates["eur"].exchange_rate.to_string(), rate);
    }
    for bad in [-1, 5_001, i64::MAX] {
        let refusal = refused(world.set(spread(bad)).await);
        assert_eq!(refusal, ("parameter_invalid_integer", Some("spread_basis_points")), "{bad}");
    }
    let days = FxSettingsUpdate { rate_age_days_max: Change::Value(0), ..FxSettingsUpdate::default() };
    assert_eq!(refused(world.set(days).await), ("parameter_invalid_integer", Some("rate_age_days_max")));
    assert_eq!(world.read_quote(before.id).await.rates, before.rates, "a promise is kept");
}

#[tokio::test]
async fn conversions_in_every_direction_at_once_keep_every_currency_at_zero() {
    let world = World::start().await;
    world.load(HISTORY).await;
    let owner = api_key("owner");
    let codes = ["eur", "usd", "jpy", "bhd"];
    let mut wallets = Vec::new();
    for code in codes {
        wallets.push(world.wallet_in(currency(code), None, 1_000_000).await.id);
    }
    let mut uses = Vec::new();
    for round in 1..=3_i64 {
        for (from, source) in codes.iter().zip(&wallets) {
            for (to, destination) in codes.iter().zip(&wallets).filter(|(to, _)| *to != from) {
                let quote = world.quote(from, to, None).await.id;
                uses.push(use_of(quote, *source, *destination, 12_345 * round + 7));
            }
        }
    }
    let results = join_all(uses.into_iter().map(|wanted| world.convert(&owner, wanted))).await;
    for result in &results {
        assert!(result.is_ok(), "{result:?}");
    }
    assert_eq!(world.count("SELECT count(*) FROM fx_conversion").await, 36);
    // Each currency by itself: what wallets, positions, revenue and the world outside hold adds up to nothing.
    world.assert_books_are_right().await;
    let negative = "SELECT count(*) FROM ledger_clearing_account c JOIN ledger_account a ON a.id = c.account_id \
                    WHERE c.purpose = 'fx_revenue' AND a.balance_minor <= 0";
    assert_eq!(world.count(negative).await, 0, "every conversion earned something");
}

#[tokio::test]
async fn what_was_published_promised_and_converted_cannot_be_changed() {
    let world = World::start().await;
    for statement in [
        "UPDATE fx_rate SET source = 'me'",
        "DELETE FROM fx_rate",
        "UPDATE fx_quote SET rates = '{}'",
        "DELETE FROM fx_quote",
        "UPDATE fx_conversion SET spread_minor = 0",
        "DELETE FROM fx_conversion",
        "DELETE FROM fx_setting",
        "INSERT INTO fx_setting VALUES (true, 1, null, now())",
    ] {
        let tx = world.begin().await;
        let refused = tx
            .with_connection(move |connection| {
                Box::pin(async move { sqlx::query(statement).execute(connection).await })
            })
            .await
            .unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{statement}");
    }
}
