-- Both sides of a transfer stand in one row: what does not balance cannot be written, and two rows fewer are
-- written for each transfer. The only migration that moves rows: it was made before the first release.
ALTER TABLE ledger_transfer
  ADD COLUMN posting_id uuid,
  ADD COLUMN debit_sequence bigint,
  ADD COLUMN debit_balance_minor bigint,
  ADD COLUMN credit_sequence bigint,
  ADD COLUMN credit_balance_minor bigint,
  ADD COLUMN effective_at timestamptz,
  ADD COLUMN reverses uuid,
  ADD COLUMN hold_id uuid;

UPDATE ledger_transfer t
SET effective_at = t.created_at,
  debit_sequence = d.sequence, debit_balance_minor = d.balance_after_minor,
  credit_sequence = c.sequence, credit_balance_minor = c.balance_after_minor
FROM ledger_entry d, ledger_entry c
WHERE d.transfer_id = t.id AND d.account_id = t.debit_account_id
  AND c.transfer_id = t.id AND c.account_id = t.credit_account_id;

-- A wallet and its account have one id, and so have a wallet transfer and the ledger's: neither is looked up by the other.
ALTER TABLE wallet DROP CONSTRAINT wallet_account_id_fkey;
UPDATE ledger_transfer t SET debit_account_id = w.id FROM wallet w WHERE w.account_id = t.debit_account_id;
UPDATE ledger_transfer t SET credit_account_id = w.id FROM wallet w WHERE w.account_id = t.credit_account_id;
UPDATE ledger_account a SET id = w.id FROM wallet w WHERE w.account_id = a.id;
UPDATE wallet SET account_id = id;
UPDATE ledger_transfer t SET id = w.id FROM wallet_transfer w WHERE w.ledger_transfer_id = t.id;
UPDATE wallet_transfer SET ledger_transfer_id = id;
ALTER TABLE wallet
  ADD COLUMN type text NOT NULL DEFAULT 'standard' CHECK (type IN ('standard', 'clearing')),
  ADD FOREIGN KEY (account_id) REFERENCES ledger_account (id),
  ADD CHECK (account_id = id),
  ADD CHECK (type = 'standard' OR customer_id IS NULL);
ALTER TABLE wallet_transfer
  DROP CONSTRAINT wallet_transfer_ledger_transfer_id_key,
  ADD COLUMN occurred_at timestamptz,
  ADD COLUMN reverses uuid,
  ADD COLUMN hold_id uuid,
  ADD CHECK (ledger_transfer_id = id);

ALTER TABLE ledger_transfer
  ALTER COLUMN debit_sequence SET NOT NULL,
  ALTER COLUMN debit_balance_minor SET NOT NULL,
  ALTER COLUMN credit_sequence SET NOT NULL,
  ALTER COLUMN credit_balance_minor SET NOT NULL,
  ALTER COLUMN effective_at SET NOT NULL,
  ADD CHECK (debit_sequence > 0 AND credit_sequence > 0);

-- The next entry of an account, and its balance at any moment, are one index probe a side.
CREATE UNIQUE INDEX ledger_transfer_debit ON ledger_transfer (debit_account_id, debit_sequence);
CREATE UNIQUE INDEX ledger_transfer_credit ON ledger_transfer (credit_account_id, credit_sequence);
-- A transfer is reversed once.
CREATE UNIQUE INDEX ledger_transfer_reverses ON ledger_transfer (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX ledger_transfer_hold ON ledger_transfer (hold_id) WHERE hold_id IS NOT NULL;

DROP TABLE ledger_entry;

-- An account's entries, each with its place in the account and the balance after it.
CREATE VIEW ledger_entry WITH (security_invoker = true) AS
SELECT debit_account_id AS account_id, debit_sequence AS sequence, id AS transfer_id, -amount_minor AS amount_minor,
  debit_balance_minor AS balance_after_minor, effective_at, created_at
FROM ledger_transfer
UNION ALL
SELECT credit_account_id, credit_sequence, id, amount_minor, credit_balance_minor, effective_at, created_at
FROM ledger_transfer;

ALTER TABLE ledger_account
  -- Sum of what its pending holds still keep back.
  ADD COLUMN held_minor bigint NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
  ADD COLUMN state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'frozen', 'closed')),
  -- Latest effective date of its entries, and whether they never went back: then a date is found by halving.
  ADD COLUMN effective_last timestamptz,
  ADD COLUMN in_order boolean NOT NULL DEFAULT true,
  ADD CHECK (floor_minor IS NULL OR balance_minor - held_minor >= floor_minor);

UPDATE ledger_account a SET effective_last = e.last, in_order = e.in_order
FROM (
  SELECT account_id, max(effective_at) AS last, bool_and(coalesce(effective_at >= before, true)) AS in_order
  FROM (
    SELECT account_id, effective_at, lag(effective_at) OVER (PARTITION BY account_id ORDER BY sequence) AS before
    FROM ledger_entry) AS entry
  GROUP BY account_id) AS e
WHERE e.account_id = a.id;

CREATE TABLE ledger_hold (
  id uuid PRIMARY KEY,
  debit_account_id uuid NOT NULL,
  credit_account_id uuid NOT NULL,
  currency text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  -- What it still keeps back.
  remaining_minor bigint NOT NULL CHECK (remaining_minor >= 0),
  captured_minor bigint NOT NULL CHECK (captured_minor >= 0 AND captured_minor + remaining_minor <= amount_minor),
  state text NOT NULL CHECK (state IN ('pending', 'captured', 'released', 'expired')),
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  CHECK (debit_account_id <> credit_account_id),
  CHECK (state = 'pending' OR remaining_minor = 0)
) WITH (fillfactor = 80);

CREATE INDEX ledger_hold_pending ON ledger_hold (debit_account_id) WHERE state = 'pending';
CREATE INDEX ledger_hold_expiry ON ledger_hold (expires_at) WHERE state = 'pending' AND expires_at IS NOT NULL;

-- What the merchant says of a hold; the hold itself is the ledger's, under the same id.
CREATE TABLE wallet_hold (
  id uuid PRIMARY KEY REFERENCES ledger_hold (id),
  source_wallet_id uuid NOT NULL,
  destination_wallet_id uuid NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL
);

CREATE INDEX wallet_hold_newest ON wallet_hold (created_at DESC, id DESC);
CREATE INDEX wallet_hold_source ON wallet_hold (source_wallet_id, created_at DESC, id DESC);

-- What has happened, for those who are to hear of it.
CREATE TABLE event (
  id uuid PRIMARY KEY,
  type text NOT NULL,
  object_id uuid NOT NULL,
  created_at timestamptz NOT NULL
);

-- Fails the transaction of a batch that did not write what it should have.
CREATE FUNCTION ledger_assert(holds boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF holds IS NOT TRUE THEN
    RAISE EXCEPTION 'the batch did not write what it should have' USING ERRCODE = 'TS001';
  END IF;
END
$$;

DO $$
DECLARE
  tenant_role text := current_schema();
BEGIN
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON ledger_hold TO %I', tenant_role);
  EXECUTE format('GRANT SELECT ON ledger_entry TO %I', tenant_role);
  EXECUTE format('GRANT SELECT, INSERT ON event, wallet_hold TO %I', tenant_role);
  EXECUTE format('REVOKE ALL ON FUNCTION ledger_assert(boolean) FROM PUBLIC');
  EXECUTE format('GRANT EXECUTE ON FUNCTION ledger_assert(boolean) TO %I', tenant_role);
END
$$;
