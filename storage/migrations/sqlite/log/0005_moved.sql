-- Where a source says that it has moved for good (301, 308), how many polls in a row met that, and where
-- it is polled since we believe it.
ALTER TABLE cursors ADD COLUMN moved_to TEXT;
ALTER TABLE cursors ADD COLUMN moved_times INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN adopted TEXT;
