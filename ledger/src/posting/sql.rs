//! The statements of a posting, the same for one transaction of many statements and for a batch on a lane.

/// Locks accounts in id order, so that no two postings ever wait for each other in a circle.
pub(crate) const LOCK_ACCOUNTS: &str = "\
SELECT id, currency, state, floor_minor, balance_minor, held_minor, sequence, effective_last, in_order \
FROM ledger_account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE";

/// The same, only to look.
pub(crate) const ACCOUNTS: &str = "\
SELECT id, currency, state, floor_minor, balance_minor, held_minor, sequence, effective_last, in_order \
FROM ledger_account WHERE id = ANY($1::uuid[])";

/// Holds by id. Whoever changes one holds the lock of its debit account.
pub(crate) const HOLDS: &str = "\
SELECT id, debit_account_id, credit_account_id, currency, amount_minor, remaining_minor, captured_minor, state, expires_at \
FROM ledger_hold WHERE id = ANY($1::uuid[])";

/// Pending holds whose time will be over, the first to go first: the head of an index that has nothing else in it.
pub(crate) const HOLDS_BY_EXPIRY: &str = "\
SELECT id, expires_at FROM ledger_hold WHERE state = 'pending' AND expires_at IS NOT NULL ORDER BY expires_at LIMIT $1";

/// Transfers by id, and those that reverse them.
pub(crate) const TRANSFERS: &str = "\
SELECT id, posting_id, debit_account_id, debit_sequence, debit_balance_minor, credit_account_id, credit_sequence, \
credit_balance_minor, amount_minor, currency, effective_at, reverses, hold_id FROM ledger_transfer \
WHERE id = ANY($1::uuid[]) OR reverses = ANY($1::uuid[])";

/// Writes transfers and each account once. An account is only changed if it still has the entries and the balance the
/// decision was built on; the statement fails unless every account was changed and no money was made in any currency.
pub(crate) const WRITE: &str = "\
WITH written AS ( \
  INSERT INTO ledger_transfer (id, posting_id, debit_account_id, debit_sequence, debit_balance_minor, \
    credit_account_id, credit_sequence, credit_balance_minor, amount_minor, currency, effective_at, reverses, hold_id, \
    created_at) \
  SELECT *, $14::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::uuid[], $7::bigint[], \
    $8::bigint[], $9::bigint[], $10::text[], $11::timestamptz[], $12::uuid[], $13::uuid[])), \
changed AS ( \
  UPDATE ledger_account a SET balance_minor = c.balance, held_minor = c.held, sequence = c.sequence, \
    effective_last = c.effective_last, in_order = c.in_order \
  FROM unnest($15::uuid[], $16::bigint[], $17::bigint[], $18::bigint[], $19::timestamptz[], $20::boolean[], \
    $21::bigint[], $22::bigint[]) \
    AS c (id, balance, held, sequence, effective_last, in_order, balance_before, sequence_before) \
  WHERE a.id = c.id AND a.sequence = c.sequence_before AND a.balance_minor = c.balance_before \
  RETURNING a.currency, c.balance - c.balance_before AS delta) \
SELECT ledger_assert(coalesce(sum(accounts), 0) = cardinality($15) AND coalesce(bool_and(delta = 0), true)) \
FROM (SELECT count(*) AS accounts, sum(delta) AS delta FROM changed GROUP BY currency) AS by_currency";

/// Writes new holds and changes pending ones that are still what the decision was built on.
pub(crate) const WRITE_HOLDS: &str = "\
WITH h AS ( \
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], \
    $8::text[], $9::timestamptz[], $10::bigint[]) \
    AS h (id, debit, credit, currency, amount, remaining, captured, state, expires_at, remaining_before)), \
opened AS ( \
  INSERT INTO ledger_hold (id, debit_account_id, credit_account_id, currency, amount_minor, remaining_minor, \
    captured_minor, state, expires_at, created_at) \
  SELECT id, debit, credit, currency, amount, remaining, captured, state, expires_at, $11::timestamptz \
  FROM h WHERE remaining_before IS NULL RETURNING 1), \
changed AS ( \
  UPDATE ledger_hold SET remaining_minor = h.remaining, captured_minor = h.captured, state = h.state \
  FROM h WHERE ledger_hold.id = h.id AND ledger_hold.state = 'pending' \
    AND ledger_hold.remaining_minor = h.remaining_before RETURNING 1) \
SELECT ledger_assert((SELECT count(*) FROM opened) + (SELECT count(*) FROM changed) = cardinality($1))";
