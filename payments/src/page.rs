//! Pages of objects, newest first, by keyset: stable while rows are added, and never a count or an offset.

use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
    sea_query::{Expr, ExprTrait as _, Value},
};
use tenancy::TenantTx;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::field::{InvalidField, Problem};

/// Objects of a page when the client does not say.
const LIMIT_DEFAULT: u8 = 10;
/// Most objects of a page.
const LIMIT_MAX: u8 = 100;

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest<I> {
    limit: u8,
    cursor: Cursor<I>,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cursor<I> {
    /// At the newest object.
    Newest,
    /// With what is next older than this object.
    OlderThan(I),
    /// With what is next newer than this object.
    NewerThan(I),
}

/// Objects, newest first, and whether more follow in the direction of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Newest first, whichever way the page was reached.
    pub items: Vec<T>,
    /// Whether another page follows.
    pub has_more: bool,
}

impl<I> PageRequest<I> {
    /// Checks what a client asked for.
    pub fn try_new(
        limit: Option<i64>,
        starting_after: Option<I>,
        ending_before: Option<I>,
    ) -> Result<Self, InvalidField> {
        let limit = match limit {
            None => LIMIT_DEFAULT,
            Some(limit) => u8::try_from(limit)
                .ok()
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .ok_or_else(|| Problem::OutOfRange { min: 1, max: i64::from(LIMIT_MAX) }.of("limit"))?,
        };
        let cursor = match (starting_after, ending_before) {
            (None, None) => Cursor::Newest,
            (Some(id), None) => Cursor::OlderThan(id),
            (None, Some(id)) => Cursor::NewerThan(id),
            (Some(_), Some(_)) => return Err(Problem::Exclusive { other: "starting_after" }.of("ending_before")),
        };
        Ok(Self { limit, cursor })
    }

    /// The object the page is counted from, and the parameter that named it.
    pub(crate) const fn anchor(&self) -> Option<(&I, &'static str)> {
        match &self.cursor {
            Cursor::Newest => None,
            Cursor::OlderThan(id) => Some((id, "starting_after")),
            Cursor::NewerThan(id) => Some((id, "ending_before")),
        }
    }
}

impl<T> Page<T> {
    /// The same page of converted objects.
    pub(crate) fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), has_more: self.has_more }
    }

    /// The same page of converted objects, unless one cannot be converted.
    pub(crate) fn try_map<U, E>(self, convert: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let items = self.items.into_iter().map(convert).collect::<Result<_, E>>()?;
        Ok(Page { items, has_more: self.has_more })
    }
}

/// The place of a row in the order of its table.
pub(crate) type Position = (OffsetDateTime, Uuid);

/// The columns that order a table: time, then id.
pub(crate) struct Order<C> {
    pub(crate) time: C,
    pub(crate) id: C,
}

/// Reads a page of `rows`. `anchor` is the position of the row that the request counts from; the caller has looked
/// it up among the rows the actor may see.
pub(crate) async fn read<E, I, T>(
    tx: &TenantTx,
    rows: Select<E>,
    order: Order<E::Column>,
    request: &PageRequest<I>,
    anchor: Option<(T, Uuid)>,
) -> Result<Page<E::Model>, DbErr>
where
    E: EntityTrait,
    E::Model: FromQueryResult + Send + Sync,
    T: Into<Value>,
{
    let limit = usize::from(request.limit);
    let backwards = matches!(request.cursor, Cursor::NewerThan(_));
    let place = || Expr::tuple([order.time.into_expr(), order.id.into_expr()]);
    let rows = match anchor {
        None => rows,
        Some((time, id)) => {
            let anchor = Expr::tuple([Expr::value(time), Expr::value(id)]);
            rows.filter(if backwards { place().gt(anchor) } else { place().lt(anchor) })
        }
    };
    let rows = if backwards {
        rows.order_by_asc(order.time).order_by_asc(order.id)
    } else {
        rows.order_by_desc(order.time).order_by_desc(order.id)
    };
    // One row more than asked for tells whether another page follows.
    let mut items = rows.limit(u64::from(request.limit).saturating_add(1)).all(tx).await?;
    let has_more = items.len() > limit;
    items.truncate(limit);
    if backwards {
        items.reverse();
    }
    Ok(Page { items, has_more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_cursor_and_1_to_100_objects() {
        let limit = |limit| PageRequest::<u8>::try_new(limit, None, None).map(|request| request.limit);
        assert_eq!(limit(None), Ok(10));
        assert_eq!((limit(Some(1)), limit(Some(100))), (Ok(1), Ok(100)));
        for bad in [0, -1, 101, 356, i64::MAX, i64::MIN] {
            assert_eq!(limit(Some(bad)).unwrap_err().param, "limit", "{bad}");
        }
        assert_eq!(PageRequest::try_new(None, Some(1), Some(2)).unwrap_err().param, "ending_before");
        assert_eq!(PageRequest::try_new(None, Some(1), None).unwrap().anchor(), Some((&1, "starting_after")));
    }
}
