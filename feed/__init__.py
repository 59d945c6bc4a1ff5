"""From government to log, and from log to the world."""
