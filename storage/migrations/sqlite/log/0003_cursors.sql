-- Where we stand with each source: bookkeeping, not part of the record.
CREATE TABLE cursors (
    source        TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    url           TEXT NOT NULL,
    active        INTEGER NOT NULL,            -- 1 while the source is in the operator's catalogue
    health        TEXT NOT NULL DEFAULT 'new', -- new, ok, failing, held, ended
    reason        TEXT,                        -- what is wrong, in words
    failures      INTEGER NOT NULL DEFAULT 0,  -- in a row
    etag          TEXT,
    last_modified TEXT,
    body          TEXT,                        -- SHA-256 of the last body
    last_poll     TEXT,
    last_success  TEXT,
    next_poll     TEXT,                        -- NULL: at once
    not_before    TEXT,                        -- Retry-After
    seen          INTEGER NOT NULL DEFAULT 0,  -- entries in the last body
    new           INTEGER NOT NULL DEFAULT 0,  -- announcements recorded from it, all in all
    lease_holder  TEXT,
    lease_until   TEXT
) STRICT;

-- What each source showed, as it showed it last: how a revision is told from something new.
CREATE TABLE sightings (
    source       TEXT NOT NULL,
    announcement TEXT NOT NULL,
    guid         TEXT,
    link         TEXT,                         -- canonical
    fingerprint  TEXT NOT NULL,
    shown        TEXT NOT NULL,                -- JSON: title, url, summary, published_at, text
    PRIMARY KEY (source, announcement)
) STRICT;
CREATE INDEX sightings_guid ON sightings (source, guid) WHERE guid IS NOT NULL;
CREATE INDEX sightings_link ON sightings (link) WHERE link IS NOT NULL;
