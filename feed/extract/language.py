"""Which language an announcement is in.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re

_READ = 1_500
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "for",
        "a",
        "is",
        "on",
        "with",
        "by",
        "at",
        "from",
        "as",
        "that",
        "this",
        "will",
        "be",
        "are",
        "has",
        "have",
        "it",
        "its",
        "an",
        "or",
        "was",
        "which",
        "new",
        "their",
        "between",
    ]
)
_OTHERS = {
    "fr": frozenset(
        [
            "le",
            "la",
            "les",
            "des",
            "et",
            "du",
            "une",
            "est",
            "pour",
            "dans",
            "sur",
            "avec",
            "aux",
            "ce",
            "qui",
            "par",
        ]
    ),
    "de": frozenset(
        [
            "der",
            "die",
            "das",
            "und",
            "den",
            "von",
            "zu",
            "mit",
            "für",
            "ist",
            "im",
            "auf",
            "des",
            "dem",
            "ein",
            "eine",
            "wird",
        ]
    ),
    "es": frozenset(["el", "los", "las", "y", "del", "una", "en", "para", "por", "con", "que", "se", "su"]),
}
_SCRIPTS = (
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
)


def language(text: str, declared: str | None = None) -> str | None:
    """An ISO 639-1 code, or None when the text does not tell and nobody declared one."""
    sample = text[:_READ]
    script = _script(sample)
    if script is not None:
        return script
    english, foreign, words = _counts(sample)
    if english > foreign and english * 12 >= words:
        return "en"
    if declared:
        return declared.split("-")[0].casefold()
    return None


def is_readable(text: str, spoken: str | None) -> bool:
    """Whether the rules, which are English, may read it: it is English, or too short to tell."""
    if spoken == "en":
        return True
    english, foreign, _ = _counts(text[:_READ])
    return spoken is None and foreign <= max(1, english)


def _counts(sample: str) -> tuple[int, int, int]:
    """How many words are common in English, how many in the nearest other language, and how many in all."""
    found = _WORD.findall(sample.casefold())
    english = sum(map(_ENGLISH.__contains__, found))
    foreign = max(sum(map(common.__contains__, found)) for common in _OTHERS.values())
    return english, foreign, len(found)


def _script(text: str) -> str | None:
    if text.isascii():
        return None
    letters = max(1, sum(map(str.isalpha, text)))
    for code, pattern in _SCRIPTS:
        if len(pattern.findall(text)) * 4 > letters:
            return code
    return None
