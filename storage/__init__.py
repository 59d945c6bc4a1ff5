"""What is true, and how it is kept: the log, its read model, the cursors, the people and the outbox.

Imports nothing of ours.
"""
