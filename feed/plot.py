"""A small plot of how often a source announces something, as the path of an SVG drawing.

Pure: no clock, no network, no database. What it shows is also said in words (storage.source_wording.rhythm).
"""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT = 108, 24
GAP = 2


def bars(counts: Sequence[int]) -> str:
    """One bar for each count on a common base; the highest fills the height, and none is a thin line."""
    step = WIDTH / len(counts)
    most = max(counts) or 1
    # A single announcement is still seen beside a busy week.
    heights = [max(3.0, HEIGHT * count / most) if count else 1.0 for count in counts]
    return "".join(
        f"M{_short(number * step)} {HEIGHT}v-{_short(height)}h{_short(step - GAP)}v{_short(height)}z"
        for number, height in enumerate(heights)
    )


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
