-- The read model. Everything here is computed from the events and can be rebuilt.
CREATE TABLE announcements (
    id           TEXT PRIMARY KEY,
    source       TEXT NOT NULL,
    title        TEXT NOT NULL,
    url          TEXT NOT NULL,
    summary      TEXT NOT NULL,
    published_at TEXT,
    text         TEXT,                         -- digest in texts
    position     INTEGER NOT NULL,             -- of AnnouncementPublished
    revised      INTEGER,                      -- of the newest AnnouncementRevised
    withdrawn    INTEGER,                      -- of AnnouncementWithdrawn
    backfill     INTEGER NOT NULL
) STRICT;
CREATE INDEX announcements_source ON announcements (source, position);

CREATE TABLE subjects (
    announced    INTEGER PRIMARY KEY,          -- position of the event that announced it
    id           TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,                -- initiative or call
    title        TEXT NOT NULL,
    url          TEXT NOT NULL,
    summary      TEXT NOT NULL,
    source       TEXT NOT NULL,
    announcement TEXT NOT NULL,
    technologies TEXT NOT NULL,                -- JSON, like the next three, as in the event
    countries    TEXT NOT NULL,
    bodies       TEXT NOT NULL,
    money        TEXT NOT NULL,
    evidence     TEXT NOT NULL,
    opens        TEXT,                         -- as stated
    closes       TEXT,
    opens_at     TEXT,                         -- the first moment of opens, UTC
    closes_at    TEXT,                         -- the last moment of closes, UTC
    latest       INTEGER NOT NULL,             -- position of the newest event
    closed       INTEGER,                      -- position of CallClosed
    backfill     INTEGER NOT NULL
) STRICT;
CREATE INDEX subjects_announcement ON subjects (announcement);
CREATE INDEX subjects_source ON subjects (source);
CREATE INDEX subjects_closes ON subjects (closes_at) WHERE closes_at IS NOT NULL AND closed IS NULL;

-- What a subject can be found by: technology, country, body.
CREATE TABLE facets (
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    subject INTEGER NOT NULL REFERENCES subjects (announced),
    PRIMARY KEY (name, value, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX facets_subject ON facets (subject);

CREATE TABLE amounts (
    subject  INTEGER NOT NULL REFERENCES subjects (announced),
    currency TEXT NOT NULL,
    amount   REAL NOT NULL
) STRICT;
CREATE INDEX amounts_subject ON amounts (subject);

-- The events of subjects: what listings and feeds show.
CREATE TABLE subject_events (
    position INTEGER PRIMARY KEY REFERENCES events (position),
    subject  INTEGER NOT NULL REFERENCES subjects (announced)
) STRICT;
CREATE INDEX subject_events_subject ON subject_events (subject, position);

-- rowid is subjects.announced; words are folded by storage.filters.words before they come here.
CREATE VIRTUAL TABLE subjects_search USING fts5 (words);
