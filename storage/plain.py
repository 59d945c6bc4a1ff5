"""Plain text as it may stand in the log, in a header, in XML: folded, without control characters.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
import unicodedata


def is_clean(text: str) -> bool:
    """Whether the text holds none of the characters that `fold` takes out."""
    return not _CONTROL.search(text)


def without_control(text: str) -> str:
    """The text with a blank for each of the characters that may not stand in it."""
    return _CONTROL.sub(" ", text)


def fold(text: str) -> str:
    """Text without control characters; runs of blanks become one, runs of empty lines none."""
    text = without_control(text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def line(text: str) -> str:
    """The text on one line."""
    return " ".join(fold(text).split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words, with an ellipsis where something was cut."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"


def comparable(text: str) -> str:
    """The text without what only looks different: spaces, typographic quotes and dashes, compatibility forms
    (Unicode NFKC)."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _SPECIAL.sub(lambda found: _LOOKS[found[0]], text))
    return " ".join(text.split())


def joined(told: str, text: str) -> str:
    """What is told first, where the text does not say it again, and then the text."""
    said = comparable(told).rstrip("… .[]").casefold()
    if not said or said in comparable(text).casefold():
        return text
    return f"{told}\n{text}" if text else told


_LOOKS = {
    **dict.fromkeys("‘’‚‛‹›′", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),  # soft hyphens, and spaces without a width
}
_SPECIAL = re.compile(f"[{''.join(_LOOKS)}]")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
"""What XML 1.0 and canonical JSON cannot carry, and what turns the direction of the text around it."""
