//! Converts money by a quote: out of the source, into the environment's position, out of it in the other currency.

use entity::tenant::fx_conversion::ActiveModel;
use kernel::{Amount, Currency, FxConversionId, FxQuoteId, WalletId};
use ledger::{EventDraft, Events, PostingError, Reason, Rejection};
use policies::{CreateFxConversion, Permit};
use sea_orm::ActiveValue::Set;

use super::{
    FxConversion,
    decide::{self, Decided},
    legs::Legs,
    store,
};
use crate::{
    Context, Error, Failure,
    fx::{Refusal, quote},
    metadata::{self, MetadataDraft},
    ownership::Visible,
    wallet,
};

/// A conversion to make.
#[derive(Clone, Debug)]
pub struct FxConversionDraft {
    /// Whose rate applies; it is used up.
    pub quote: FxQuoteId,
    /// From.
    pub source: WalletId,
    /// To.
    pub destination: WalletId,
    /// How much leaves the source, in its currency.
    pub amount: Amount,
    /// The source's currency, for who wants it checked.
    pub currency: Option<Currency>,
    /// The merchant's own key-value pairs.
    pub metadata: MetadataDraft,
}

/// Converts money, wholly or not at all. A refusal may leave clearing accounts opened, empty.
pub async fn create(
    context: &Context<'_>,
    permit: &Permit<CreateFxConversion>,
    draft: FxConversionDraft,
) -> Result<FxConversion, Error<Refusal>> {
    let visible = Visible::within(context, context.reach(permit)?).await?;
    let metadata = metadata::checked(draft.metadata).map_err(Refusal::Invalid)?;
    decide::distinct(draft.source, draft.destination)?;
    let row = quote::store::find(context.tx, visible, draft.quote).await?;
    let row = row.ok_or(Refusal::Missing { object: "fx quote", param: "quote" })?;
    let (now, livemode) = (context.now(), context.livemode());
    let quote = quote::view(row, now, livemode)?;
    let used = store::claim(context.tx, draft.quote).await?;
    let (source, destination) = wallet::store::find_pair(context.tx, draft.source, draft.destination).await?;
    let decided = decide::decide(visible, (&quote, used), source.as_ref(), destination.as_ref(), draft.amount)?;

    if draft.currency.is_some_and(|currency| currency != decided.from) {
        return Err(Refusal::WrongCurrency.into());
    }
    let legs = Legs::of(context, &decided, draft.amount).await?;
    ledger::post_in(context.tx, &legs.posting(), now).await.map_err(posting_error)?;
    let id = FxConversionId::generate(context.clock, context.entropy);
    let Decided { customer, from, to, terms, converted, .. } = decided;
    let spread_minor = converted.spread.map_or(0, Amount::minor);
    let row = ActiveModel {
        id: Set(id.as_uuid()),
        quote_id: Set(draft.quote.as_uuid()),
        customer_id: Set(customer.map(|customer| customer.as_uuid())),
        source_wallet_id: Set(draft.source.as_uuid()),
        destination_wallet_id: Set(draft.destination.as_uuid()),
        source_amount_minor: Set(draft.amount.minor()),
        source_currency: Set(from.code()),
        destination_amount_minor: Set(converted.amount.minor()),
        destination_currency: Set(to.code()),
        spread_minor: Set(spread_minor),
        exchange_rate: Set(terms.exchange_rate.to_string()),
        base_rate: Set(terms.base_rate.to_string()),
        source_transfer_id: Set(legs.source.id.as_uuid()),
        destination_transfer_id: Set(legs.destination.id.as_uuid()),
        spread_transfer_id: Set(legs.spread.map(|leg| leg.id.as_uuid())),
        metadata: Set(metadata::to_json(&metadata)),
        created_at: Set(now),
    };
    store::insert(context.tx, row).await?;
    tell(context, id).await?;
    Ok(FxConversion {
        id,
        quote: draft.quote,
        customer,
        source: draft.source,
        destination: draft.destination,
        amount: draft.amount,
        currency: from,
        destination_amount: converted.amount,
        destination_currency: to,
        spread_minor,
        exchange_rate: terms.exchange_rate,
        base_rate: terms.base_rate,
        metadata,
        livemode,
        created: now,
    })
}

async fn tell(context: &Context<'_>, id: FxConversionId) -> Result<(), Failure> {
    let mut events = Events::default();
    events.push(EventDraft { kind: "fx_conversion.created", object: id.as_uuid() });
    Ok(events.write_in(context.tx, context.clock, context.entropy, context.now()).await?)
}

/// What a rejection means to a client. The others cannot come about: wallets, accounts and currencies agree.
fn posting_error(error: PostingError) -> Error<Refusal> {
    let PostingError::Rejected(Rejection { reason, .. }) = &error else { return Failure::Posting(error).into() };
    match reason {
        Reason::InsufficientFunds => Refusal::InsufficientFunds.into(),
        Reason::BalanceOverflow => Refusal::BalanceTooLarge.into(),
        Reason::AccountFrozen => Refusal::AccountFrozen.into(),
        Reason::AccountClosed => Refusal::AccountClosed.into(),
        _ => Failure::Posting(error).into(),
    }
}
