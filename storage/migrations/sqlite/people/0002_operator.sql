-- What the operator was told of sources: each trouble once, and once that it is over.
CREATE TABLE troubles (
    source   TEXT NOT NULL,
    kind     TEXT NOT NULL,                    -- failing, held, ended
    position INTEGER NOT NULL,                 -- of the event in the log that began it
    name     TEXT NOT NULL,                    -- of the source
    common   TEXT NOT NULL,                    -- what its reason has in common with others
    since    TEXT NOT NULL,
    told_at  TEXT NOT NULL,
    over_at  TEXT,                             -- when it was told that it is over; NULL: it is not
    PRIMARY KEY (source, kind)
) STRICT;

-- What is on its way to the operator; gone when it has arrived.
CREATE TABLE letters (
    id           TEXT NOT NULL,                -- the left side of Message-ID
    recipient    TEXT NOT NULL,
    news         TEXT NOT NULL,                -- JSON, fixed before sending
    made_at      TEXT NOT NULL,
    due_at       TEXT NOT NULL,                -- when to send it, or to try again
    tried_at     TEXT,                         -- when it was claimed first
    attempts     INTEGER NOT NULL DEFAULT 0,
    error        TEXT,
    lease_holder TEXT,
    lease_until  TEXT,
    PRIMARY KEY (id, recipient)
) STRICT;
