-- The log: public, append-only, hash-chained.
CREATE TABLE events (
    position    INTEGER PRIMARY KEY,           -- 1, 2, 3 …, in commit order, no gaps
    stream      TEXT NOT NULL,                 -- source/<id> or subject/<id>
    version     INTEGER NOT NULL,              -- 1, 2, 3 … within the stream
    type        TEXT NOT NULL,
    recorded_at TEXT NOT NULL,                 -- UTC, microseconds
    data        TEXT NOT NULL,                 -- canonical JSON (RFC 8785)
    digest      TEXT NOT NULL,                 -- SHA-256 of data
    chain       TEXT NOT NULL,                 -- SHA-256 over the previous chain and this row
    UNIQUE (stream, version)
) STRICT;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only: an event cannot be changed'); END;

CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the log is append-only: an event cannot be deleted'); END;

-- INSERT OR REPLACE removes rows without firing the delete trigger: only the next position, and only
-- the next version of a stream, may be inserted at all.
CREATE TRIGGER events_only_append BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT COALESCE(MAX(position), 0) + 1 FROM events)
  OR NEW.version IS NOT (SELECT COALESCE(MAX(version), 0) + 1 FROM events WHERE stream = NEW.stream)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: an event can only be added at the end'); END;

-- Long texts, found by their SHA-256, so that the log stays small.
CREATE TABLE texts (
    digest TEXT PRIMARY KEY,
    body   TEXT NOT NULL
) STRICT;
