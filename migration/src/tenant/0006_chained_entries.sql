-- An account's entries are a chain: each side of a transfer names the account's transfer before it, and the account
-- names its last. Two random index entries for each transfer give way to none. It moves rows: it was made before the
-- first release.
ALTER TABLE ledger_transfer
  ADD COLUMN debit_previous_id uuid,
  ADD COLUMN credit_previous_id uuid;
ALTER TABLE ledger_account
  ADD COLUMN last_transfer_id uuid,
  -- How often the row was changed. Who decided on another version may not write.
  ADD COLUMN version bigint NOT NULL DEFAULT 0;

CREATE TABLE chained AS
SELECT account_id, sequence, transfer_id, effective_at, amount_minor < 0 AS is_debit,
  lag(transfer_id) OVER account AS previous_id, lead(transfer_id) OVER account IS NULL AS is_last
FROM ledger_entry WINDOW account AS (PARTITION BY account_id ORDER BY sequence);

UPDATE ledger_transfer t SET debit_previous_id = c.previous_id FROM chained c WHERE c.transfer_id = t.id AND c.is_debit;
UPDATE ledger_transfer t SET credit_previous_id = c.previous_id FROM chained c WHERE c.transfer_id = t.id AND NOT c.is_debit;
UPDATE ledger_account a SET last_transfer_id = c.transfer_id FROM chained c WHERE c.account_id = a.id AND c.is_last;

-- Every 32nd entry of an account: where a walk along the chain may start.
CREATE TABLE ledger_mark (
  account_id uuid NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0 AND sequence % 32 = 0),
  transfer_id uuid NOT NULL,
  effective_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, sequence)
);

INSERT INTO ledger_mark (account_id, sequence, transfer_id, effective_at)
SELECT account_id, sequence, transfer_id, effective_at FROM chained WHERE sequence % 32 = 0;
DROP TABLE chained;

DROP INDEX ledger_transfer_debit, ledger_transfer_credit;

-- The entries of an account behind `behind`, up to and including `last`, newest first: from the mark at or behind
-- `last`, or from the account's last entry, along the chain.
CREATE FUNCTION ledger_entries(account uuid, behind bigint, last bigint)
RETURNS TABLE (sequence bigint, transfer_id uuid, counterparty_id uuid, amount_minor bigint, balance_after_minor bigint,
  currency text, previous_id uuid, reverses uuid, effective_at timestamptz, created_at timestamptz)
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE walk AS (
    SELECT t.* FROM ledger_transfer t
    WHERE behind < last AND t.id = coalesce(
      (SELECT m.transfer_id FROM ledger_mark m WHERE m.account_id = account AND m.sequence >= last
       ORDER BY m.sequence LIMIT 1),
      (SELECT a.last_transfer_id FROM ledger_account a WHERE a.id = account))
    UNION ALL
    SELECT t.* FROM walk w JOIN ledger_transfer t
      ON t.id = CASE w.debit_account_id WHEN account THEN w.debit_previous_id ELSE w.credit_previous_id END
    WHERE CASE w.debit_account_id WHEN account THEN w.debit_sequence ELSE w.credit_sequence END > behind + 1)
  SELECT e.* FROM walk w, LATERAL (
    SELECT w.debit_sequence, w.id, w.credit_account_id, -w.amount_minor, w.debit_balance_minor, w.currency,
      w.debit_previous_id, w.reverses, w.effective_at, w.created_at WHERE w.debit_account_id = account
    UNION ALL
    SELECT w.credit_sequence, w.id, w.debit_account_id, w.amount_minor, w.credit_balance_minor, w.currency,
      w.credit_previous_id, w.reverses, w.effective_at, w.created_at WHERE w.credit_account_id = account
  ) AS e (sequence, transfer_id, counterparty_id, amount_minor, balance_after_minor, currency, previous_id, reverses,
    effective_at, created_at)
  WHERE e.sequence <= last
$$;

-- Every check is read anew for each statement that writes the table, so the postings' own tables keep one each. What
-- no posting writes is checked where an account is opened.
ALTER TABLE ledger_transfer
  DROP CONSTRAINT ledger_transfer_check,
  DROP CONSTRAINT ledger_transfer_check1,
  DROP CONSTRAINT ledger_transfer_amount_minor_check,
  ADD CHECK (amount_minor > 0 AND debit_account_id <> credit_account_id);
ALTER TABLE ledger_account
  DROP CONSTRAINT ledger_account_currency_check,
  DROP CONSTRAINT ledger_account_state_check,
  DROP CONSTRAINT ledger_account_held_minor_check,
  DROP CONSTRAINT ledger_account_check,
  DROP CONSTRAINT ledger_account_check1,
  ADD CHECK (held_minor >= 0 AND (floor_minor IS NULL OR balance_minor - held_minor >= floor_minor));

CREATE FUNCTION ledger_account_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.currency !~ '^[a-z]{3}$' OR NEW.state NOT IN ('open', 'frozen', 'closed') THEN
    RAISE EXCEPTION 'an account cannot have currency % and state %', NEW.currency, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

-- Not for updates: Postgres would lock and read every row once more, whichever columns the trigger is for.
CREATE TRIGGER ledger_account_rules BEFORE INSERT ON ledger_account
FOR EACH ROW EXECUTE FUNCTION ledger_account_rules();

-- Each update of an account would read the row once more to see that nobody who refers to it need be told.
ALTER TABLE wallet DROP CONSTRAINT wallet_account_id_fkey;
ALTER TABLE ledger_clearing_account DROP CONSTRAINT ledger_clearing_account_account_id_fkey;

-- Fails the transaction of a batch: TS002 where an account is no longer what the batch was decided on, TS001 where the
-- batch made or lost money.
CREATE FUNCTION ledger_assert_batch(is_current boolean, is_balanced boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF is_current IS NOT TRUE THEN
    RAISE EXCEPTION 'an account is no longer what the batch was decided on' USING ERRCODE = 'TS002';
  END IF;
  IF is_balanced IS NOT TRUE THEN
    RAISE EXCEPTION 'the batch did not write what it should have' USING ERRCODE = 'TS001';
  END IF;
END
$$;

-- What one commit tells of one kind is one row. An event's identifier is its row's, with its place among the objects,
-- from 0, in the last 16 bits, which are zero in the row.
ALTER TABLE event ADD COLUMN object_ids uuid[];
UPDATE event SET object_ids = ARRAY[object_id];
ALTER TABLE event ALTER COLUMN object_ids SET NOT NULL, DROP COLUMN object_id;
-- Identifiers do not compress, and those of a usual batch stay in the row.
ALTER TABLE event ALTER COLUMN object_ids SET STORAGE EXTERNAL;
ALTER TABLE event SET (toast_tuple_target = 8160);

DO $$
DECLARE
  tenant_role text := current_schema();
BEGIN
  EXECUTE format('GRANT SELECT, INSERT ON ledger_mark TO %I', tenant_role);
  EXECUTE format('REVOKE ALL ON FUNCTION ledger_entries(uuid, bigint, bigint), ledger_assert_batch(boolean, boolean), ledger_account_rules() FROM PUBLIC');
  EXECUTE format('GRANT EXECUTE ON FUNCTION ledger_entries(uuid, bigint, bigint), ledger_assert_batch(boolean, boolean) TO %I', tenant_role);
END
$$;
