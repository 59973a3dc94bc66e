//! `Sealed<T>` as a `bytea` column of the entities.

use sea_orm::{
    ActiveValue, ColIdx, IntoActiveValue, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, StringLen, ValueType, ValueTypeErr},
};

use super::Sealed;

impl<T> From<Sealed<T>> for Value {
    fn from(sealed: Sealed<T>) -> Self {
        Self::Bytes(Some(sealed.bytes))
    }
}

impl<T> TryGetable for Sealed<T> {
    // Any bytes are read: a damaged value must not keep its row, or a whole list, from loading. Opening refuses it.
    fn try_get_by<I: ColIdx>(result: &QueryResult, index: I) -> Result<Self, TryGetError> {
        Vec::<u8>::try_get_by(result, index).map(Self::from_bytes)
    }
}

impl<T> ValueType for Sealed<T> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <Vec<u8> as ValueType>::try_from(value).map(Self::from_bytes)
    }

    fn type_name() -> String {
        "Sealed".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Bytes
    }

    fn column_type() -> ColumnType {
        ColumnType::VarBinary(StringLen::None)
    }
}

impl<T> Nullable for Sealed<T> {
    fn null() -> Value {
        Value::Bytes(None)
    }
}

impl<T> IntoActiveValue<Self> for Sealed<T> {
    fn into_active_value(self) -> ActiveValue<Self> {
        ActiveValue::Set(self)
    }
}
