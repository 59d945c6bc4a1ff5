-- How often a source publishes, and so how often it is polled and how much news at once is too much.
ALTER TABLE cursors ADD COLUMN pace REAL;                         -- minutes between two polls, as it is now
ALTER TABLE cursors ADD COLUMN lively REAL NOT NULL DEFAULT 0;    -- announcements, half as much every 3 days
ALTER TABLE cursors ADD COLUMN largest INTEGER NOT NULL DEFAULT 0; -- most new ones at once that were told
ALTER TABLE cursors ADD COLUMN held INTEGER NOT NULL DEFAULT 0;   -- announcements that are held back
ALTER TABLE cursors ADD COLUMN gap INTEGER NOT NULL DEFAULT 0;    -- 1: shared nothing with the poll before
ALTER TABLE cursors ADD COLUMN hints TEXT NOT NULL DEFAULT '';    -- what the feed says of itself, JSON

ALTER TABLE sightings ADD COLUMN changed_at TEXT;                 -- the poll that found it changed
ALTER TABLE sightings ADD COLUMN streak INTEGER NOT NULL DEFAULT 0; -- polls in a row that did
CREATE INDEX sightings_fingerprint ON sightings (source, fingerprint);

-- What is held back until the operator releases it (computed from the events, like all of the read model).
ALTER TABLE announcements ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN released INTEGER;                 -- position of SourceReleased that tells it
CREATE INDEX subjects_released ON subjects (released) WHERE released IS NOT NULL;

-- What the past of sources that were polled before explains: the most that one poll recorded as news.
UPDATE cursors SET largest = batches.size FROM (
    SELECT source, MAX(size) AS size FROM (
        SELECT a.source AS source, COUNT(*) AS size
        FROM announcements a JOIN events e ON e.position = a.position
        WHERE NOT a.backfill GROUP BY a.source, e.recorded_at
    ) GROUP BY source
) AS batches WHERE batches.source = cursors.source;
