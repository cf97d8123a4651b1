-- What tables of version 1 have gained since they were first made: run on each of them that has not got it. Older names stand for other columns, and go first:
-- that takes the strongest lock before any other.
DROP INDEX IF EXISTS paymux_intents_payment;
DROP INDEX IF EXISTS paymux_parked_reference;
DROP INDEX IF EXISTS paymux_parked_payment;
CREATE INDEX IF NOT EXISTS paymux_intents_by_payment ON paymux_intents (payment) WHERE payment IS NOT NULL;
CREATE INDEX IF NOT EXISTS paymux_parked_by_reference ON paymux_parked (reference, provider, account);
CREATE INDEX IF NOT EXISTS paymux_parked_by_payment ON paymux_parked (payment, provider, account);
