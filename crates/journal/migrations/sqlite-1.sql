CREATE TABLE paymux_intents (
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    reference TEXT NOT NULL,
    payment TEXT,
    ordered TEXT,
    -- The order, while another attempt of it must not be made.
    taken TEXT,
    state TEXT NOT NULL,
    remarked BOOLEAN NOT NULL,
    due BIGINT,
    begun BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (provider, account, reference)
) WITHOUT ROWID;
CREATE UNIQUE INDEX paymux_intents_taken ON paymux_intents (taken) WHERE taken IS NOT NULL;
CREATE INDEX paymux_intents_due ON paymux_intents (due) WHERE due IS NOT NULL;
CREATE INDEX paymux_intents_ordered ON paymux_intents (ordered) WHERE ordered IS NOT NULL;
CREATE INDEX paymux_intents_remarked ON paymux_intents (begun) WHERE remarked;
CREATE TABLE paymux_payments (
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (provider, account, id)
) WITHOUT ROWID;
CREATE TABLE paymux_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    body TEXT NOT NULL
);
CREATE TABLE paymux_parked (
    gateway TEXT NOT NULL,
    key TEXT NOT NULL,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    reference TEXT,
    payment TEXT,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (gateway, key)
);
CREATE TABLE paymux_seen (
    gateway TEXT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (gateway, key)
) WITHOUT ROWID;
