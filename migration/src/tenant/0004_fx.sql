-- Conversion between currencies: published rates, quotes that lock a rate, and what was converted.

-- A wider list of purposes; releases before this one only ever write 'external'.
ALTER TABLE ledger_clearing_account
  DROP CONSTRAINT ledger_clearing_account_purpose_check,
  ADD CONSTRAINT ledger_clearing_account_purpose_check CHECK (purpose IN ('external', 'fx_position', 'fx_revenue'));

-- One row: what the merchant earns, and how old a rate may be.
CREATE TABLE fx_setting (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  spread_basis_points integer NOT NULL CHECK (spread_basis_points BETWEEN 0 AND 5000),
  -- Null: the newest rate counts, however old it is.
  rate_age_days_max integer CHECK (rate_age_days_max > 0),
  updated_at timestamptz NOT NULL
);

INSERT INTO fx_setting (spread_basis_points, updated_at) VALUES (100, now());

-- What a source published for a day: units of each currency for one unit of the base, as exact decimal text.
-- A correction is a later row of the same day.
CREATE TABLE fx_rate (
  id uuid PRIMARY KEY,
  base text NOT NULL CHECK (base ~ '^[a-z]{3}$'),
  effective_on date NOT NULL,
  source text NOT NULL CHECK (source <> ''),
  rates jsonb NOT NULL CHECK (jsonb_typeof(rates) = 'object'),
  created_at timestamptz NOT NULL
);

CREATE INDEX fx_rate_newest ON fx_rate (effective_on DESC, id DESC);
CREATE INDEX fx_rate_base_newest ON fx_rate (base, effective_on DESC, created_at DESC, id DESC);

CREATE TABLE fx_quote (
  id uuid PRIMARY KEY,
  customer_id uuid REFERENCES customer (id),
  to_currency text NOT NULL,
  lock_duration text NOT NULL CHECK (lock_duration IN ('none', 'five_minutes', 'hour', 'day')),
  lock_expires_at timestamptz,
  spread_basis_points integer NOT NULL CHECK (spread_basis_points BETWEEN 0 AND 5000),
  -- By source currency: the rate a customer gets, the rate without the spread, and where that comes from.
  rates jsonb NOT NULL CHECK (jsonb_typeof(rates) = 'object'),
  created_at timestamptz NOT NULL,
  CHECK ((lock_duration = 'none') = (lock_expires_at IS NULL))
);

CREATE INDEX fx_quote_newest ON fx_quote (created_at DESC, id DESC);
CREATE INDEX fx_quote_customer ON fx_quote (customer_id, created_at DESC, id DESC) WHERE customer_id IS NOT NULL;

CREATE TABLE fx_conversion (
  id uuid PRIMARY KEY,
  -- A quote is used once.
  quote_id uuid NOT NULL UNIQUE REFERENCES fx_quote (id),
  -- Whose money it was: the customer of the source wallet.
  customer_id uuid,
  source_wallet_id uuid NOT NULL,
  destination_wallet_id uuid NOT NULL,
  source_amount_minor bigint NOT NULL CHECK (source_amount_minor > 0),
  source_currency text NOT NULL,
  destination_amount_minor bigint NOT NULL CHECK (destination_amount_minor > 0),
  destination_currency text NOT NULL CHECK (destination_currency <> source_currency),
  -- In the destination's currency.
  spread_minor bigint NOT NULL CHECK (spread_minor >= 0),
  exchange_rate numeric NOT NULL CHECK (exchange_rate > 0),
  base_rate numeric NOT NULL CHECK (base_rate >= exchange_rate),
  source_transfer_id uuid NOT NULL UNIQUE,
  destination_transfer_id uuid NOT NULL UNIQUE,
  spread_transfer_id uuid UNIQUE,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  CHECK ((spread_minor = 0) = (spread_transfer_id IS NULL))
);

CREATE INDEX fx_conversion_newest ON fx_conversion (created_at DESC, id DESC);
CREATE INDEX fx_conversion_customer ON fx_conversion (customer_id, created_at DESC, id DESC) WHERE customer_id IS NOT NULL;

DO $$
DECLARE
  tenant_role text := current_schema();
BEGIN
  EXECUTE format('GRANT SELECT, UPDATE ON fx_setting TO %I', tenant_role);
  -- What was published, promised or converted is never changed.
  EXECUTE format('GRANT SELECT, INSERT ON fx_rate, fx_quote, fx_conversion TO %I', tenant_role);
END
$$;
