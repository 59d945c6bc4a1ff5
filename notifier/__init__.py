"""From log to people. Imports storage, never feed."""
