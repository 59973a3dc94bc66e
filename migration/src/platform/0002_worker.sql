-- What the worker's jobs keep: when each environment's turn comes, who is at it, and what the audits found.

CREATE TABLE platform.environment_job (
  environment_id uuid NOT NULL REFERENCES platform.environment (id),
  job text NOT NULL CHECK (job ~ '^[a-z][a-z_]{2,39}$'),
  due_at timestamptz NOT NULL,
  -- Whoever holds the lease works on it; an expired lease may be taken over.
  lease_owner text,
  lease_expires_at timestamptz,
  PRIMARY KEY (environment_id, job),
  CHECK ((lease_owner IS NULL) = (lease_expires_at IS NULL))
);

CREATE INDEX environment_job_due ON platform.environment_job (job, due_at);

-- One audit of one environment's ledger. Accounts by id, and amounts only where one is wrong.
CREATE TABLE platform.ledger_audit (
  id uuid PRIMARY KEY,
  environment_id uuid NOT NULL REFERENCES platform.environment (id),
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  accounts bigint NOT NULL,
  entries bigint NOT NULL,
  -- How many there are; the first of them are told.
  findings_count bigint NOT NULL,
  findings jsonb NOT NULL CHECK (jsonb_typeof(findings) = 'array')
);

CREATE INDEX ledger_audit_newest ON platform.ledger_audit (id DESC);
CREATE INDEX ledger_audit_environment ON platform.ledger_audit (environment_id, id DESC);

-- The worker finds environments as the API does.
GRANT USAGE ON SCHEMA platform TO tessera_worker;
GRANT SELECT ON platform.issuer TO tessera_worker;
GRANT SELECT (id, slug, status, issuer_id, updated_at) ON platform.tenant TO tessera_worker;
GRANT SELECT (id, tenant_id, mode, locator, schema_name, state, schema_version, key_provider, key_reference, key_state, updated_at)
  ON platform.environment TO tessera_worker;
GRANT SELECT, INSERT, UPDATE ON platform.environment_job TO tessera_worker;
GRANT SELECT, INSERT, DELETE ON platform.ledger_audit TO tessera_worker;
