-- What the events of subjects can be found by, each list in the order of the log: so the newest that fit are
-- found from the end, however long the log is.
CREATE TABLE postings (
    name     TEXT NOT NULL,                    -- kind, source, technology, country or body
    value    TEXT NOT NULL,
    position INTEGER NOT NULL REFERENCES subject_events (position),
    PRIMARY KEY (name, value, position)
) STRICT, WITHOUT ROWID;

INSERT INTO postings (name, value, position)
SELECT f.name, f.value, e.position FROM facets f JOIN subject_events e ON e.subject = f.subject
UNION ALL
SELECT 'kind', s.kind, e.position FROM subjects s JOIN subject_events e ON e.subject = s.announced
UNION ALL
SELECT 'source', s.source, e.position FROM subjects s JOIN subject_events e ON e.subject = s.announced;

DROP TABLE facets;
ALTER TABLE postings RENAME TO facets;
CREATE INDEX facets_position ON facets (position);

CREATE TABLE sums (
    currency TEXT NOT NULL,                    -- ISO 4217
    amount   REAL NOT NULL,
    subject  INTEGER NOT NULL REFERENCES subjects (announced),
    PRIMARY KEY (currency, amount, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO sums (currency, amount, subject) SELECT DISTINCT currency, amount, subject FROM amounts;
DROP TABLE amounts;
ALTER TABLE sums RENAME TO amounts;
CREATE INDEX amounts_subject ON amounts (subject, currency, amount);

-- rowid is the position of an event, the words are those of its subject as they are now.
CREATE VIRTUAL TABLE found USING fts5 (words);
INSERT INTO found (rowid, words)
SELECT e.position, f.words FROM subjects_search f JOIN subject_events e ON e.subject = f.rowid;
DROP TABLE subjects_search;
ALTER TABLE found RENAME TO subjects_search;

-- Few are held at a time, and for a while.
CREATE INDEX announcements_held ON announcements (source) WHERE held;
CREATE INDEX subjects_held ON subjects (source) WHERE held;
CREATE INDEX subjects_opens ON subjects (opens_at) WHERE opens_at IS NOT NULL;

-- What the read model itself is: the version of the effects that wrote it, and what it holds.
CREATE TABLE model (
    name  TEXT PRIMARY KEY,                    -- version, initiatives, calls
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO model (name, value)
SELECT 'initiatives', COUNT(*) FROM subjects WHERE kind = 'initiative' AND NOT held AND retracted IS NULL
UNION ALL
SELECT 'calls', COUNT(*) FROM subjects WHERE kind = 'call' AND NOT held AND retracted IS NULL;
-- An empty read model is as good as any; one that was written before has no version, and is computed again.
INSERT INTO model (name, value) SELECT 'version', 1 WHERE NOT EXISTS (SELECT 1 FROM events);
