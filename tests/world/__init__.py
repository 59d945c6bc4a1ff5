"""A small world to run Communiqué against: a government that publishes and a mailbox that receives."""
