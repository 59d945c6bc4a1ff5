-- The bytes of each entry that a source showed last, as short digests: what is the same need not be read.
ALTER TABLE cursors ADD COLUMN marks TEXT NOT NULL DEFAULT '';
