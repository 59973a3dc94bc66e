-- The control plane: which tenants exist, where their environments live, who may vouch for their
-- people, and what long-running work is under way. No merchant data, ever.

CREATE TABLE platform.cell (
  id text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9_]{0,30}$'),
  environments_max integer NOT NULL CHECK (environments_max > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO platform.cell (id, environments_max) VALUES ('cell_1', 2000);

-- A token issuer. An own issuer belongs to one tenant, a shared one to all that name it; both need the claim.
CREATE TABLE platform.issuer (
  id uuid PRIMARY KEY,
  url text NOT NULL UNIQUE CHECK (length(url) BETWEEN 8 AND 500),
  shared boolean NOT NULL,
  audience_live text NOT NULL,
  audience_test text NOT NULL,
  tenant_claim text NOT NULL,
  algorithms text[] NOT NULL CHECK (cardinality(algorithms) > 0),
  created_at timestamptz NOT NULL,
  CHECK (audience_live <> audience_test)
);

CREATE TABLE platform.tenant (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  plan text NOT NULL CHECK (plan ~ '^[a-z][a-z0-9_]{1,30}$'),
  status text NOT NULL CHECK (status IN ('provisioning', 'active', 'suspended', 'offboarded')),
  issuer_id uuid NOT NULL REFERENCES platform.issuer (id),
  -- The specification as asked for, so that a repeat can be told from a change.
  spec jsonb NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE INDEX tenant_issuer ON platform.tenant (issuer_id);

CREATE TABLE platform.environment (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES platform.tenant (id),
  mode text NOT NULL CHECK (mode IN ('live', 'test')),
  cell_id text NOT NULL REFERENCES platform.cell (id),
  -- The part of an API key that finds its environment.
  locator text NOT NULL UNIQUE CHECK (locator ~ '^[0-9a-z]{12}$'),
  -- Schema and role share this name.
  schema_name text NOT NULL UNIQUE CHECK (schema_name ~ '^t_[0-9a-z]{26}_(live|test)$'),
  state text NOT NULL CHECK (state IN ('requested', 'role', 'schema', 'migrated', 'key', 'policies', 'active')),
  schema_version text,
  key_provider text CHECK (key_provider IN ('aws', 'vault', 'local')),
  key_reference text,
  key_state text CHECK (key_state IN ('enabled', 'disabled', 'pending_destruction', 'destroyed')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (tenant_id, mode),
  CHECK ((key_provider IS NULL) = (key_reference IS NULL))
);

-- A long job of the control plane. Whoever holds the lease works on it; an expired lease may be taken over.
CREATE TABLE platform.operation (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  target text NOT NULL,
  request_key text NOT NULL UNIQUE,
  fingerprint bytea NOT NULL,
  parameters jsonb NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'failed', 'partial', 'cancelled')),
  -- What was answered, so that a repeat hears the same. Never a secret.
  result jsonb,
  error jsonb,
  actor text NOT NULL,
  reason text,
  host text,
  request_id text NOT NULL,
  lease_owner text,
  lease_expires_at timestamptz,
  -- How many steps there are to do, once that is known.
  steps_total integer,
  created_at timestamptz NOT NULL,
  finished_at timestamptz
);

CREATE INDEX operation_unfinished ON platform.operation (created_at) WHERE state IN ('pending', 'running');

CREATE INDEX operation_newest ON platform.operation (created_at DESC, id DESC);

-- What an operation has done so far, one row a step and attempt; environment is null for steps of the whole tenant.
-- Steps of both environments end in any order, so the sequence is the database's.
CREATE TABLE platform.operation_step (
  operation_id uuid NOT NULL REFERENCES platform.operation (id),
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  environment_id uuid,
  tenant_slug text,
  outcome text NOT NULL CHECK (outcome IN ('done', 'unchanged', 'failed')),
  detail text,
  duration_ms bigint NOT NULL,
  finished_at timestamptz NOT NULL,
  PRIMARY KEY (operation_id, sequence)
);

-- Every write and every refusal of the staff API. Append only.
CREATE TABLE platform.audit_record (
  id uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  target text,
  outcome text NOT NULL CHECK (outcome IN ('succeeded', 'refused')),
  code text,
  reason text,
  host text,
  request_id text NOT NULL
);

-- What the API's login role may read to route a request. It writes nothing here.
GRANT USAGE ON SCHEMA platform TO tessera_app;
GRANT SELECT ON platform.issuer TO tessera_app;
GRANT SELECT (id, slug, status, issuer_id, updated_at) ON platform.tenant TO tessera_app;
GRANT SELECT (id, tenant_id, mode, locator, schema_name, state, schema_version, key_provider, key_reference, key_state, updated_at)
  ON platform.environment TO tessera_app;
