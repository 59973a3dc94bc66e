-- What was captured from a hold, and what undid a transfer; most transfers are neither.
CREATE INDEX wallet_transfer_hold ON wallet_transfer (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX wallet_transfer_reverses ON wallet_transfer (reverses) WHERE reverses IS NOT NULL;
