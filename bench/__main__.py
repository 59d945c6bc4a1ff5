"""All benchmarks, one after the other: `python -m bench [RUNS]`, where polling is measured RUNS times."""

from __future__ import annotations

import sys

from bench import polling

if __name__ == "__main__":
    polling.main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print()
    from bench import extraction  # not before: a child's peak of memory begins at what its parent holds

    extraction.main()
