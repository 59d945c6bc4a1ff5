"""What an announcement says: kinds, technologies, places, bodies, money and dates, each with its evidence.

Pure: no clock, no network, no database; its rules are data files that are read once.
"""

from feed.extract.reading import Found, Publisher, Reading
from feed.extract.subjects import extract

__all__ = ["Found", "Publisher", "Reading", "extract"]
