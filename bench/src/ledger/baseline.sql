-- The baseline: what a careful team writes first. One function call moves money in one transaction, by row locks in
-- order of id, and refuses to go below the floor. No idempotency, events or chain: it does less than the engine.
CREATE SCHEMA baseline;

CREATE TABLE baseline.account (
    id bigint PRIMARY KEY,
    balance_minor bigint NOT NULL,
    floor_minor bigint NOT NULL,
    sequence bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE baseline.transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    debit_account_id bigint NOT NULL,
    credit_account_id bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE baseline.entry (
    account_id bigint NOT NULL,
    sequence bigint NOT NULL,
    transfer_id bigint NOT NULL,
    amount_minor bigint NOT NULL,
    balance_after_minor bigint NOT NULL,
    PRIMARY KEY (account_id, sequence)
);

CREATE FUNCTION baseline.transfer(debit bigint, credit bigint, amount bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    debit_sequence bigint;
    debit_balance bigint;
    credit_sequence bigint;
    credit_balance bigint;
    made bigint;
BEGIN
    PERFORM 1 FROM baseline.account WHERE id IN (debit, credit) ORDER BY id FOR NO KEY UPDATE;
    UPDATE baseline.account SET balance_minor = balance_minor - amount, sequence = sequence + 1
        WHERE id = debit AND balance_minor - amount >= floor_minor
        RETURNING sequence, balance_minor INTO debit_sequence, debit_balance;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'insufficient_funds';
    END IF;
    UPDATE baseline.account SET balance_minor = balance_minor + amount, sequence = sequence + 1
        WHERE id = credit
        RETURNING sequence, balance_minor INTO STRICT credit_sequence, credit_balance;
    INSERT INTO baseline.transfer (debit_account_id, credit_account_id, amount_minor)
        VALUES (debit, credit, amount) RETURNING id INTO made;
    INSERT INTO baseline.entry (account_id, sequence, transfer_id, amount_minor, balance_after_minor)
        VALUES (debit, debit_sequence, made, -amount, debit_balance),
               (credit, credit_sequence, made, amount, credit_balance);
    RETURN made;
END
$$;
