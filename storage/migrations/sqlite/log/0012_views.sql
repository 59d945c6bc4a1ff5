-- What the read model refers to is declared, so that other programs can follow it. The table events is not
-- touched: a table made anew would lose its triggers. Columns that updates write have no key: with one,
-- such an update takes about twice as long.
CREATE TABLE announcements_new (
    id           TEXT PRIMARY KEY,
    source       TEXT NOT NULL,
    title        TEXT NOT NULL,
    url          TEXT NOT NULL,
    summary      TEXT NOT NULL,
    published_at TEXT,
    text         TEXT,                         -- digest in texts, where that copy of the log has it
    page         TEXT,                         -- digest in texts, the same
    position     INTEGER NOT NULL REFERENCES events (position),  -- of AnnouncementPublished
    revised      INTEGER,                      -- of the newest AnnouncementRevised
    withdrawn    INTEGER,                      -- of AnnouncementWithdrawn
    backfill     INTEGER NOT NULL,
    held         INTEGER NOT NULL DEFAULT 0,
    day          TEXT NOT NULL                 -- UTC: published, else recorded
) STRICT;
INSERT INTO announcements_new (id, source, title, url, summary, published_at, text, page, position, revised,
                               withdrawn, backfill, held, day)
SELECT id, source, title, url, summary, published_at, text, page, position, revised, withdrawn, backfill, held, day
FROM announcements;
DROP TABLE announcements;
ALTER TABLE announcements_new RENAME TO announcements;
CREATE INDEX announcements_source ON announcements (source, position);
CREATE INDEX announcements_day ON announcements (day, source);
CREATE INDEX announcements_position ON announcements (position);
CREATE INDEX announcements_held ON announcements (source) WHERE held;

CREATE TABLE twins_new (
    id           TEXT PRIMARY KEY,             -- the id that the subject would have had of its own
    subject      INTEGER NOT NULL REFERENCES subjects (announced),
    announcement TEXT NOT NULL,
    source       TEXT NOT NULL,
    title        TEXT NOT NULL,
    url          TEXT NOT NULL,
    reason       TEXT NOT NULL,
    position     INTEGER NOT NULL REFERENCES events (position)   -- of SubjectLinked
) STRICT;
INSERT INTO twins_new (id, subject, announcement, source, title, url, reason, position)
SELECT id, subject, announcement, source, title, url, reason, position FROM twins;
DROP TABLE twins;
ALTER TABLE twins_new RENAME TO twins;
CREATE INDEX twins_announcement ON twins (announcement);
CREATE INDEX twins_subject ON twins (subject);

-- For people: one row for each call, initiative, change and withdrawal. A later step that makes one of the
-- tables below anew has to drop the views first and to create them again. No clock: whether a deadline has
-- passed is for the reader to say, by closes_at. json_extract, since the operator ->> is younger than STRICT.
CREATE VIEW calls AS
SELECT
    s.title, s.closes, s.closes_at,
    (SELECT recorded_at FROM events WHERE position = s.closed) AS closed_at,
    s.opens, s.opens_at,
    (SELECT group_concat(json_extract(value, '$.currency') || ' ' || json_extract(value, '$.amount')
                         || ' (' || json_extract(value, '$.role') || ')', ', ')
     FROM json_each(s.money)) AS money,
    (SELECT group_concat(value, ', ') FROM json_each(s.technologies)) AS technologies,
    (SELECT group_concat(value, ', ') FROM json_each(s.countries)) AS countries,
    (SELECT group_concat(value, ', ') FROM json_each(s.bodies)) AS bodies,
    s.source, a.day AS published, e.recorded_at AS announced_at,
    1 + (SELECT COUNT(*) FROM twins t WHERE t.subject = s.announced) AS told_by,
    s.url, s.id AS subject, s.announced
FROM subjects s JOIN events e ON e.position = s.announced LEFT JOIN announcements a ON a.id = s.announcement
WHERE s.kind = 'call' AND NOT s.held AND s.retracted IS NULL;

CREATE VIEW initiatives AS
SELECT
    s.title,
    (SELECT group_concat(json_extract(value, '$.currency') || ' ' || json_extract(value, '$.amount')
                         || ' (' || json_extract(value, '$.role') || ')', ', ')
     FROM json_each(s.money)) AS money,
    (SELECT group_concat(value, ', ') FROM json_each(s.technologies)) AS technologies,
    (SELECT group_concat(value, ', ') FROM json_each(s.countries)) AS countries,
    (SELECT group_concat(value, ', ') FROM json_each(s.bodies)) AS bodies,
    s.source, a.day AS published, e.recorded_at AS announced_at,
    1 + (SELECT COUNT(*) FROM twins t WHERE t.subject = s.announced) AS told_by,
    s.url, s.id AS subject, s.announced
FROM subjects s JOIN events e ON e.position = s.announced LEFT JOIN announcements a ON a.id = s.announcement
WHERE s.kind = 'initiative' AND NOT s.held AND s.retracted IS NULL;

CREATE VIEW changes AS
SELECT
    e.position, e.recorded_at, e.type, json_extract(e.data, '$.title') AS title,
    c.key AS field, json_extract(c.value, '$.from') AS before, json_extract(c.value, '$.to') AS after,
    json_extract(e.data, '$.source') AS source, json_extract(e.data, '$.url') AS url,
    json_extract(e.data, '$.announcement') AS announcement, json_extract(e.data, '$.subject') AS subject
FROM events e JOIN json_each(e.data, '$.changed') c
WHERE e.type IN ('AnnouncementRevised', 'InitiativeChanged', 'CallChanged');

CREATE VIEW withdrawals AS
SELECT
    a.title, e.recorded_at AS withdrawn_at,
    (SELECT group_concat(json_extract(value, '$.quote'), ' ') FROM json_each(e.data, '$.evidence')) AS words,
    a.source, a.day AS published, a.url, a.id AS announcement, a.withdrawn
FROM announcements a JOIN events e ON e.position = a.withdrawn
WHERE NOT a.held;
