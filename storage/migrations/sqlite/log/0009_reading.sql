-- What the linked pages say, who else told of a subject, and what was misread: computed from the events.
ALTER TABLE announcements ADD COLUMN page TEXT;                  -- digest in texts
ALTER TABLE subjects ADD COLUMN retracted INTEGER;               -- position of SubjectCorrected
CREATE TABLE twins (
    id           TEXT PRIMARY KEY,           -- the id that the subject would have had of its own
    subject      INTEGER NOT NULL REFERENCES subjects (announced),
    announcement TEXT NOT NULL,
    source       TEXT NOT NULL,
    title        TEXT NOT NULL,
    url          TEXT NOT NULL,
    reason       TEXT NOT NULL,
    position     INTEGER NOT NULL            -- of SubjectLinked
) STRICT;
CREATE INDEX twins_announcement ON twins (announcement);
CREATE INDEX twins_subject ON twins (subject);

-- Linked pages that are still to be read: bookkeeping, not part of the record.
CREATE TABLE visits (
    announcement TEXT PRIMARY KEY,
    source       TEXT NOT NULL,
    url          TEXT NOT NULL,
    next_visit   TEXT NOT NULL,               -- UTC stamp; while somebody reads it, when another may
    tries        INTEGER NOT NULL DEFAULT 0,
    reason       TEXT                         -- what kept us from reading it, in words
) STRICT;
CREATE INDEX visits_due ON visits (next_visit);

CREATE INDEX announcements_position ON announcements (position);
