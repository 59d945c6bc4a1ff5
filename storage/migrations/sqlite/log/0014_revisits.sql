-- Pages of open calls are looked at again: bookkeeping, not part of the record.
ALTER TABLE visits ADD COLUMN kind TEXT NOT NULL DEFAULT 'read';  -- read: still to be; again: once more; over
ALTER TABLE visits ADD COLUMN visited TEXT;                       -- when it was read last, or was the same
ALTER TABLE visits ADD COLUMN etag TEXT;
ALTER TABLE visits ADD COLUMN last_modified TEXT;
ALTER TABLE visits ADD COLUMN said TEXT;                          -- digest of what it said then, but for noise
ALTER TABLE visits ADD COLUMN missing INTEGER NOT NULL DEFAULT 0; -- visits since then that found 404 or 410
ALTER TABLE visits ADD COLUMN missing_since TEXT;                 -- the first of them
ALTER TABLE visits ADD COLUMN streak INTEGER NOT NULL DEFAULT 0;  -- visits in a row that found it changed
CREATE INDEX visits_source ON visits (source, streak);

-- An empty read model is as good as one that this version of the effects wrote.
UPDATE model SET value = 2 WHERE name = 'version' AND NOT EXISTS (SELECT 1 FROM events);
