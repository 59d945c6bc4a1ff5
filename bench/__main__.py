"""All benchmarks, one after the other, each with its own process and its own server."""

from __future__ import annotations

from bench import extraction, polling

if __name__ == "__main__":
    polling.main()
    print()
    extraction.main()
