//! The statements of a posting, the same for one transaction of many statements and for a batch on a lane.

/// Locks accounts in id order, so that no two postings ever wait for each other in a circle.
pub(crate) const LOCK_ACCOUNTS: &str = "\
SELECT id, currency, state, floor_minor, balance_minor, held_minor, sequence, last_transfer_id, effective_last, \
in_order, version FROM {schema}.ledger_account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE";

/// The same, only to look.
pub(crate) const ACCOUNTS: &str = "\
SELECT id, currency, state, floor_minor, balance_minor, held_minor, sequence, last_transfer_id, effective_last, \
in_order, version FROM {schema}.ledger_account WHERE id = ANY($1::uuid[])";

/// Holds by id. Whoever changes one holds the lock of its debit account.
pub(crate) const HOLDS: &str = "\
SELECT id, debit_account_id, credit_account_id, currency, amount_minor, remaining_minor, captured_minor, state, expires_at \
FROM {schema}.ledger_hold WHERE id = ANY($1::uuid[])";

/// Pending holds whose time will be over, the first to go first: the head of an index that has nothing else in it.
pub(crate) const HOLDS_BY_EXPIRY: &str = "\
SELECT id, expires_at FROM ledger_hold WHERE state = 'pending' AND expires_at IS NOT NULL ORDER BY expires_at LIMIT $1";

/// Transfers by id, and those that reverse them.
pub(crate) const TRANSFERS: &str = "\
SELECT id, posting_id, debit_account_id, debit_sequence, debit_balance_minor, debit_previous_id, credit_account_id, \
credit_sequence, credit_balance_minor, credit_previous_id, amount_minor, currency, effective_at, reverses, hold_id \
FROM {schema}.ledger_transfer WHERE id = ANY($1::uuid[]) OR reverses = ANY($1::uuid[])";

/// Writes transfers and each account once, in the order given, which is that of the locks. An account is only changed
/// if it is still what the decision was built on; the statement fails with `TS002` unless every account was changed,
/// and with `TS001` if money was made in any currency.
///
/// Arrays are opened side by side in the list of columns: as a function of many arguments in `FROM`, each would be
/// stored and read again.
pub(crate) const WRITE: &str = "\
WITH written AS ( \
  INSERT INTO {schema}.ledger_transfer (id, posting_id, debit_account_id, debit_sequence, debit_balance_minor, \
    debit_previous_id, credit_account_id, credit_sequence, credit_balance_minor, credit_previous_id, amount_minor, \
    currency, effective_at, reverses, hold_id, created_at) \
  SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::bigint[]), unnest($5::bigint[]), \
    unnest($6::uuid[]), unnest($7::uuid[]), unnest($8::bigint[]), unnest($9::bigint[]), unnest($10::uuid[]), \
    unnest($11::bigint[]), unnest($12::text[]), unnest($13::timestamptz[]), unnest($14::uuid[]), unnest($15::uuid[]), \
    $16::timestamptz), \
changed AS ( \
  UPDATE {schema}.ledger_account a SET balance_minor = c.balance, held_minor = c.held, sequence = c.sequence, \
    last_transfer_id = c.last, effective_last = c.effective_last, in_order = c.in_order, version = a.version + 1 \
  FROM (SELECT unnest($17::uuid[]) AS id, unnest($18::bigint[]) AS balance, unnest($19::bigint[]) AS held, \
      unnest($20::bigint[]) AS sequence, unnest($21::uuid[]) AS last, unnest($22::timestamptz[]) AS effective_last, \
      unnest($23::boolean[]) AS in_order, unnest($24::bigint[]) AS balance_before, unnest($25::bigint[]) AS version) c \
  WHERE a.id = c.id AND a.version = c.version AND a.balance_minor = c.balance_before \
  RETURNING a.currency, c.balance - c.balance_before AS delta) \
SELECT {schema}.ledger_assert_batch(coalesce(sum(accounts), 0) = cardinality($17), coalesce(bool_and(delta = 0), true)) \
FROM (SELECT count(*) AS accounts, sum(delta) AS delta FROM changed GROUP BY currency) AS by_currency";

/// Writes where walks along the chains of entries may start.
pub(crate) const WRITE_MARKS: &str = "\
INSERT INTO {schema}.ledger_mark (account_id, sequence, transfer_id, effective_at) \
SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::timestamptz[])";

/// Writes new holds and changes pending ones that are still what the decision was built on.
pub(crate) const WRITE_HOLDS: &str = "\
WITH h AS ( \
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], \
    $8::text[], $9::timestamptz[], $10::bigint[]) \
    AS h (id, debit, credit, currency, amount, remaining, captured, state, expires_at, remaining_before)), \
opened AS ( \
  INSERT INTO {schema}.ledger_hold (id, debit_account_id, credit_account_id, currency, amount_minor, remaining_minor, \
    captured_minor, state, expires_at, created_at) \
  SELECT id, debit, credit, currency, amount, remaining, captured, state, expires_at, $11::timestamptz \
  FROM h WHERE remaining_before IS NULL RETURNING 1), \
changed AS ( \
  UPDATE {schema}.ledger_hold o SET remaining_minor = h.remaining, captured_minor = h.captured, state = h.state \
  FROM h WHERE o.id = h.id AND o.state = 'pending' AND o.remaining_minor = h.remaining_before RETURNING 1) \
SELECT {schema}.ledger_assert((SELECT count(*) FROM opened) + (SELECT count(*) FROM changed) = cardinality($1))";
