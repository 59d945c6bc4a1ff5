-- An event may lose its payload, and nothing else, once a later event in the log says so and why.
CREATE INDEX events_redacted ON events (json_extract(data, '$.position')) WHERE type = 'EventRedacted';

DROP TRIGGER events_no_update;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
WHEN NEW.data IS NOT 'null' OR OLD.type IS 'EventRedacted'
  OR NEW.position IS NOT OLD.position OR NEW.stream IS NOT OLD.stream OR NEW.version IS NOT OLD.version
  OR NEW.type IS NOT OLD.type OR NEW.recorded_at IS NOT OLD.recorded_at
  OR NEW.digest IS NOT OLD.digest OR NEW.chain IS NOT OLD.chain
  OR NOT EXISTS (
    SELECT 1 FROM events r WHERE r.type = 'EventRedacted'
    AND json_extract(r.data, '$.position') = OLD.position AND json_extract(r.data, '$.digest') = OLD.digest)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: an event cannot be changed'); END;
