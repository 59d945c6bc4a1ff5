-- What the pages about sources ask for: how much each announced, and what happened to them.
ALTER TABLE announcements ADD COLUMN day TEXT NOT NULL DEFAULT '';  -- UTC: published, else recorded
UPDATE announcements SET day = (
    SELECT MIN(COALESCE(date(announcements.published_at), '9999-12-31'), date(events.recorded_at))
    FROM events WHERE events.position = announcements.position
);
CREATE INDEX announcements_day ON announcements (day, source);

-- The words after WHERE stand in storage.source_history, too: only where they are the same is the index used.
CREATE INDEX events_of_sources ON events (stream, type) WHERE type IN (
    'SourceFailing', 'SourceRecovered', 'SourceMoved', 'SourceEnded', 'SourceGap', 'SourceHeld', 'SourceReleased'
);
