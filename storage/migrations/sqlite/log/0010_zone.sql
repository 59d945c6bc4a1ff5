-- The IANA time zone in which the bare dates of a subject are meant; NULL is UTC.
ALTER TABLE subjects ADD COLUMN zone TEXT;
