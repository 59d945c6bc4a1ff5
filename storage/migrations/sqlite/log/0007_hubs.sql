-- The WebSub hubs that sources name: bookkeeping, not part of the record. No secret stands here: the
-- signature's key and the callback's address are computed from the installation's own key.
CREATE TABLE hubs (
    source      TEXT NOT NULL,
    hub         TEXT NOT NULL,               -- its address
    topic       TEXT NOT NULL,               -- the address under which it knows the source
    state       TEXT NOT NULL,               -- wanted, verified, denied, leaving, left
    signed      INTEGER NOT NULL DEFAULT 0,  -- 1: what it pushes has to bear a signature
    asked_at    TEXT,
    verified_at TEXT,
    lease_until TEXT,
    next_ask    TEXT,                        -- NULL: never
    tries       INTEGER NOT NULL DEFAULT 0,  -- in a row, without being verified
    reason      TEXT,                        -- what is wrong, in words
    pushed_at   TEXT,                        -- the last push
    owed        INTEGER NOT NULL DEFAULT 0,  -- polls that a push asked for
    missed      INTEGER NOT NULL DEFAULT 0,  -- 1: a poll found what no push had brought
    PRIMARY KEY (source, hub, topic)
) STRICT;
