"""All benchmarks, one after the other: `python -m bench [RUNS [EVENTS]]`.

Polling is measured RUNS times, the long log has EVENTS events.
"""

from __future__ import annotations

import sys

from bench import polling

if __name__ == "__main__":
    polling.main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print()
    from bench import (
        extraction,
        growth,
    )  # not before: a child's peak of memory begins at what its parent holds

    growth.main(int(sys.argv[2]) if len(sys.argv) > 2 else growth.MANY)
    print()
    extraction.main()
