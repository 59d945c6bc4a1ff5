-- Private: the only place where a person's data is kept. Erasing a person is deleting a row here.
CREATE TABLE subscribers (
    id         TEXT PRIMARY KEY,               -- random
    email      TEXT NOT NULL,                  -- as given, for sending
    address    TEXT NOT NULL UNIQUE,           -- folded, for comparing
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE subscriptions (
    id           TEXT PRIMARY KEY,             -- random
    subscriber   TEXT NOT NULL REFERENCES subscribers (id) ON DELETE CASCADE,
    filter       TEXT NOT NULL,                -- canonical query string; '' is everything
    cadence      TEXT NOT NULL,                -- immediate, daily or weekly
    created_at   TEXT NOT NULL,
    confirmed_at TEXT,                         -- NULL: waits for the person's word
    after        INTEGER,                      -- position in the log: what came later is owed
    UNIQUE (subscriber, filter)
) STRICT;

-- The outbox. A delivery is one event owed to one subscription (or the request to confirm it).
CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY,
    subscription TEXT NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,             -- of the event; 0 is the request to confirm
    owed_at      TEXT NOT NULL,                -- since when
    due_at       TEXT NOT NULL,                -- when to send it, or to try again
    tried_at     TEXT,                         -- when it was claimed first
    state        TEXT NOT NULL DEFAULT 'pending',  -- pending, sent, failed
    batch        TEXT,                         -- the message that it travels in, fixed before sending
    attempts     INTEGER NOT NULL DEFAULT 0,
    error        TEXT,
    settled_at   TEXT,
    lease_holder TEXT,
    lease_until  TEXT,
    UNIQUE (subscription, position)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX deliveries_batch ON deliveries (batch) WHERE state = 'pending';

-- How far each consumer has read the log.
CREATE TABLE checkpoints (
    consumer TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;
