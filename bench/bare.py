"""The floor: fetch every feed, one after the other, and give it to feedparser. Nothing is kept.

`python -m bench.bare URL…`
"""

from __future__ import annotations

import sys
from io import BytesIO
from urllib.request import urlopen

import feedparser

for url in sys.argv[1:]:
    with urlopen(url) as answer:
        feedparser.parse(BytesIO(answer.read()))
