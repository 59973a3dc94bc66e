-- One environment's schema. Run with search_path set to it; the schema and its role share a name,
-- so grants are made to current_schema(). Types are shared: text with CHECK, no enums of its own.

CREATE TABLE data_key (
  id uuid PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('fields', 'index')),
  wrapped bytea NOT NULL,
  key_provider text NOT NULL,
  key_reference text NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz
);

CREATE TABLE role (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{2,39}$'),
  description text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE role_rule (
  id uuid PRIMARY KEY,
  role text NOT NULL REFERENCES role (name) ON DELETE CASCADE,
  object text NOT NULL CHECK (object <> ''),
  action text NOT NULL CHECK (action <> ''),
  conditions jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL
);

CREATE INDEX role_rule_role ON role_rule (role);

-- One row: how often the policies changed. A snapshot with another number is stale.
CREATE TABLE policy_revision (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  revision bigint NOT NULL
);

INSERT INTO policy_revision (revision) VALUES (1);

CREATE TABLE member (
  id uuid PRIMARY KEY,
  issuer text NOT NULL,
  subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
  role text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (issuer, subject)
);

CREATE TABLE api_key (
  id uuid PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  name text NOT NULL,
  role text NOT NULL,
  last4 text NOT NULL CHECK (length(last4) = 4),
  created_at timestamptz NOT NULL,
  expires_at timestamptz
);

-- Personal fields are sealed under a data key of this environment; email_index is a keyed hash for equality search.
CREATE TABLE customer (
  id uuid PRIMARY KEY,
  issuer text,
  subject text,
  name bytea,
  email bytea,
  email_index bytea,
  phone bytea,
  address bytea,
  tax_id bytea,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (issuer, subject),
  CHECK ((issuer IS NULL) = (subject IS NULL)),
  CHECK ((email IS NULL) = (email_index IS NULL))
);

CREATE INDEX customer_email ON customer (email_index) WHERE email_index IS NOT NULL;
CREATE INDEX customer_newest ON customer (created_at DESC, id DESC);

-- The ledger: balances, two-sided transfers, and entries with the balance after each.
CREATE TABLE ledger_account (
  id uuid PRIMARY KEY,
  currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
  -- The balance may not go below; null means no floor.
  floor_minor bigint,
  balance_minor bigint NOT NULL DEFAULT 0,
  sequence bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  CHECK (floor_minor IS NULL OR balance_minor >= floor_minor)
) WITH (fillfactor = 70);

CREATE TABLE ledger_transfer (
  id uuid PRIMARY KEY,
  debit_account_id uuid NOT NULL,
  credit_account_id uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  created_at timestamptz NOT NULL,
  CHECK (debit_account_id <> credit_account_id)
);

CREATE TABLE ledger_entry (
  account_id uuid NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  transfer_id uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
  balance_after_minor bigint NOT NULL,
  PRIMARY KEY (account_id, sequence)
);

-- A clearing account of the environment, found by its purpose and currency.
CREATE TABLE ledger_clearing_account (
  purpose text NOT NULL CHECK (purpose IN ('external')),
  currency text NOT NULL,
  account_id uuid NOT NULL UNIQUE REFERENCES ledger_account (id),
  PRIMARY KEY (purpose, currency)
);

CREATE TABLE wallet (
  id uuid PRIMARY KEY,
  customer_id uuid REFERENCES customer (id),
  account_id uuid NOT NULL UNIQUE REFERENCES ledger_account (id),
  currency text NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL
);

CREATE INDEX wallet_customer ON wallet (customer_id);
CREATE INDEX wallet_newest ON wallet (created_at DESC, id DESC);

CREATE TABLE wallet_transfer (
  id uuid PRIMARY KEY,
  source_wallet_id uuid NOT NULL,
  destination_wallet_id uuid NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  ledger_transfer_id uuid NOT NULL UNIQUE,
  description bytea,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL
);

CREATE INDEX wallet_transfer_newest ON wallet_transfer (created_at DESC, id DESC);

-- Kept for good: the UNIQUE key is what stops money from moving twice.
CREATE TABLE idempotency_record (
  key text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 255),
  fingerprint bytea NOT NULL,
  status smallint,
  -- An answer that repeats personal data or a secret is sealed like the fields it came from.
  body text,
  sealed_body bytea,
  created_at timestamptz NOT NULL,
  CHECK (body IS NULL OR sealed_body IS NULL)
);

-- Append only: every write and every refusal. No personal data.
CREATE TABLE audit_record (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  action text NOT NULL,
  target text,
  outcome text NOT NULL CHECK (outcome IN ('succeeded', 'refused')),
  code text,
  rule text,
  request_id text NOT NULL
);

CREATE INDEX audit_record_newest ON audit_record (at DESC, id DESC);

DO $$
DECLARE
  tenant_role text := current_schema();
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %1$I TO %1$I', tenant_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON data_key, policy_revision, customer, ledger_account, wallet, idempotency_record TO %I', tenant_role);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON role, role_rule, member, api_key TO %I', tenant_role);
  -- What has happened cannot be changed or removed.
  EXECUTE format('GRANT SELECT, INSERT ON ledger_transfer, ledger_entry, ledger_clearing_account, wallet_transfer, audit_record TO %I', tenant_role);
END
$$;
