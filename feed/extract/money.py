"""Amounts of money, and their part: the whole budget, the most or least of one award, or something else.

Pure: no clock, no network, no database. Decimal arithmetic only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

_MOST = 200
_CURRENCIES = {
    "£": "GBP", "gbp": "GBP", "pounds": "GBP", "pound": "GBP", "pounds sterling": "GBP",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR",
    "₹": "INR", "inr": "INR", "rs": "INR",
    "rs.": "INR", "rupees": "INR", "rupee": "INR", "indian rupees": "INR",
    "us$": "USD", "usd": "USD", "u.s.$": "USD", "us dollars": "USD", "us dollar": "USD",
    "a$": "AUD", "au$": "AUD", "aud": "AUD", "australian dollars": "AUD",
    "c$": "CAD", "ca$": "CAD", "cad": "CAD", "cdn$": "CAD", "canadian dollars": "CAD",
    "nz$": "NZD", "nzd": "NZD",
    "s$": "SGD", "sgd": "SGD", "singapore dollars": "SGD", "hk$": "HKD", "r$": "BRL",
    "¥": "JPY", "jpy": "JPY", "yen": "JPY", "japanese yen": "JPY", "₩": "KRW", "krw": "KRW", "won": "KRW",
    "chf": "CHF",
    "sek": "SEK", "nok": "NOK", "dkk": "DKK", "₪": "ILS", "ils": "ILS", "nis": "ILS", "pln": "PLN",
    "zar": "ZAR", "r": "ZAR", "rand": "ZAR", "brl": "BRL", "reais": "BRL", "cny": "CNY", "rmb": "CNY",
    "yuan": "CNY",
    "aed": "AED", "dh": "AED", "dhs": "AED", "dirhams": "AED", "sar": "SAR", "riyals": "SAR", "qar": "QAR",
    "swiss francs": "CHF", "nt$": "TWD", "ntd": "TWD", "twd": "TWD", "kes": "KES", "kshs": "KES",
    "ksh": "KES",
    "egp": "EGP", "idr": "IDR", "rp": "IDR", "myr": "MYR", "rm": "MYR", "thb": "THB", "php": "PHP",
    "vnd": "VND",
    "try": "TRY", "mxn": "MXN", "clp": "CLP", "czk": "CZK", "huf": "HUF", "hkd": "HKD", "ngn": "NGN",
    "ghs": "GHS",
    "shekels": "ILS", "kronor": "SEK", "isk": "ISK", "ron": "RON", "korean won": "KRW", "us $": "USD",
}  # fmt: skip
_DOLLARS = {"US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "SG": "SGD", "HK": "HKD"}
_DOLLAR_STATES = re.compile(
    r"\b(?:(?P<CAD>Canad(?:a|ian))|(?P<AUD>Australian?)|(?P<NZD>New Zealand)|(?P<SGD>Singapore)"
    r"|(?P<USD>United States|U\.S\.|American?|US))\b"
)
_SCALES = {
    "thousand": 3, "k": 3,
    "lakh": 5, "lakhs": 5, "lac": 5, "million": 6, "millions": 6, "mill": 6, "mn": 6, "m": 6,
    "crore": 7, "crores": 7, "cr": 7, "billion": 9, "billions": 9, "bn": 9, "b": 9, "trillion": 12, "tn": 12,
    "lakh crore": 12, "lakh crores": 12, "hundred thousand": 5, "hundred million": 8,
}  # fmt: skip

_BEFORE = (
    r"US\s?\$|U\.S\.\$|AU\$|A\$|CA\$|CDN\$|C\$|NZ\$|NT\$|S\$|HK\$|R\$|[£€₹¥₩₪$]"
    r"|\b(?:GBP|EUR|INR|USD|AUD|CAD|NZD|SGD|JPY|KRW|CHF|SEK|NOK|DKK|ILS|NIS|PLN|ZAR|BRL|CNY|RMB|AED"
    r"|SAR|QAR|TWD|NTD|KES|EGP|IDR|MYR|THB|PHP|VND|TRY|MXN|CLP|CZK|HUF|HKD|NGN|GHS|ISK|RON)\b|\b(?:Rs|KShs?|Ksh|Dhs?)(?![A-Za-z])\.?"
    r"|\bR(?=\s?\d[\d ,.]*(?:\d{3}|\s?(?:million|billion|m\b|bn\b)))"
)
_AFTER = (
    r"pounds sterling|pounds?|euros?|indian rupees|rupees?|us dollars?|u\.s\. dollars?"
    r"|australian dollars|canadian dollars|singapore dollars"
    r"|dollars|japanese yen|yen|won|swiss francs|GBP|EUR|INR|USD|AUD|CAD|NZD|SGD|JPY|KRW|CHF|SEK|NOK"
    r"|DKK|ILS|NIS|PLN|ZAR|AED|SAR|TWD|KES|EGP|BRL|CNY|rand|reais|dirhams|riyals|shekels|yuan|€|£"
)
_NUMBER = (
    r"(?:\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,4}(?:[.,]\d{2})?(?!\d)"
    r"|\d{1,15}(?:[,.\u00a0\u202f’']\d{1,15}){0,5})"
)
_SCALE = (
    r"(?:lakh crores?|hundred (?:thousand|million)|thousand|lakhs?|lac|millions?|mill|mn|crores?|cr"
    r"|billions?|bn|trillion|tn|[mkb])(?![A-Za-z])"
)
_SYMBOL_FIRST = re.compile(
    rf"(?=[£€₹¥₩₪$A-Z])(?P<cur>{_BEFORE})[ \u00a0]?\.?[ \u00a0]?-?(?P<num>{_NUMBER})"
    rf"(?:[ \u00a0]?[-‑]?[ \u00a0]?(?P<scale>(?i:{_SCALE})))?"
)
_SYMBOL_LAST = re.compile(
    rf"(?<![\w.,£€₹$¥₩])(?P<num>{_NUMBER})(?:[ \u00a0-]?(?P<scale>{_SCALE}))?"
    rf"[ \u00a0](?P<cur>{_AFTER})(?![A-Za-z])",
    re.IGNORECASE,
)
# The rest of '£1–1.5 million': a second figure that shares the first one's symbol and gives it its scale.
_RANGE = re.compile(
    rf"[ \u00a0]?(?:-|–|—|to"
    rf"|and)[ \u00a0]?(?P<num>{_NUMBER})(?:[ \u00a0]?-?(?P<scale>{_SCALE}))(?![A-Za-z])",
    re.IGNORECASE,
)
_JOIN = re.compile(r"\s?(?:-|–|—|to|and)\s?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum as it stands at [start, end) in a document. `span` tells 'low' and 'high' ends of a range."""

    value: Decimal
    currency: str
    quote: str
    start: int
    end: int
    span: str = ""

    @property
    def text(self) -> str:
        """The value as a decimal string in whole units: no exponent, no trailing zeros."""
        plain = format(self.value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain


def dollar_of(country: str | None, text: str = "") -> str:
    """The currency that a bare '$' stands for where this country publishes.

    If nobody told which one does, that of the state of dollars that the beginning of the text names most.
    """
    if country:
        return _DOLLARS.get(country, "USD")
    named = Counter(match.lastgroup for match in _DOLLAR_STATES.finditer(text[:3_000]))
    return str(named.most_common(1)[0][0]) if named else "USD"


def amounts(doc: str, dollar: str = "USD") -> list[Amount]:
    """All sums of money in a document, in order, at most a few hundred."""
    found: list[Amount] = []
    for match in _SYMBOL_FIRST.finditer(doc):
        if len(found) >= _MOST:
            break
        found.extend(_read(doc, match, dollar))
    if any(word in doc for word in _WORDS_AFTER):
        taken = [(amount.start, amount.end) for amount in found]
        for match in _SYMBOL_LAST.finditer(doc):
            if len(found) >= 2 * _MOST:
                break
            if not any(start < match.end() and match.start() < end for start, end in taken):
                found.extend(_read(doc, match, dollar))
    found.sort(key=lambda amount: amount.start)
    return _ranges(doc, found)


# A sum can bear its currency's name behind it only where one of these stands in the document.
_WORDS_AFTER = (
    "pound", "Pound", "euro", "Euro", "rupee", "Rupee", "ollars", " yen", " won", "francs",
    "EUR", "GBP", "INR", "USD", "AUD", "CAD", "NZD", "SGD", "JPY",
    "KRW", "CHF", "SEK", "NOK", "DKK", "ILS", "NIS", "PLN", "ZAR", " €", " £", "AED", "SAR", "TWD", "KES",
    "EGP", "BRL", "CNY", " rand", " reais", " dirhams", " riyals", " shekels", " yuan",
)  # fmt: skip


def _read(doc: str, match: re.Match[str], dollar: str) -> Iterable[Amount]:
    word = " ".join(match["cur"].split()).casefold()
    currency = (
        dollar
        if word in ("$", "dollars")
        else _CURRENCIES.get(word) or _CURRENCIES.get(word.replace(".", ""))
    )
    value = _value(match["num"], match["scale"])
    if currency is None or value is None or value == 0:
        return
    after = _RANGE.match(doc, match.end()) if match["scale"] is None else None
    if after is not None:
        high = _value(after["num"], after["scale"])
        low = _value(match["num"], after["scale"]) if value < 1_000 else value
        if high is not None and low is not None and low < high:
            quote = doc[match.start() : after.end()]
            yield Amount(low, currency, quote, match.start(), after.end(), "low")
            yield Amount(high, currency, quote, match.start(), after.end(), "high")
            return
    end = match.end()
    while doc[end - 1] in "\u00a0 .,":
        end -= 1
    yield Amount(value, currency, doc[match.start() : end], match.start(), end)


def _value(number: str, scale: str | None) -> Decimal | None:
    digits = re.sub(r"[ \u00a0\u202f’']", "", number).rstrip(".,")
    power = _SCALES[" ".join(scale.casefold().split())] if scale else 0
    try:
        return Decimal(_decimal_point(digits, bool(scale))).scaleb(power).normalize() + 0
    except InvalidOperation:
        return None


def _decimal_point(digits: str, scaled: bool) -> str:
    """The number with '.' as its only mark, whichever way the text groups and divides."""
    if "," in digits and "." in digits:
        if digits.rfind(",") > digits.rfind("."):
            return digits.replace(".", "").replace(",", ".")
        return digits.replace(",", "")
    if "," in digits:
        whole, _, rest = digits.rpartition(",")
        if "," not in whole and (len(rest) == 2 or (scaled and len(rest) == 1)):
            return f"{whole}.{rest}"
        return digits.replace(",", "")
    if digits.count(".") > 1 or (not scaled and re.fullmatch(r"\d{1,3}\.\d{3}", digits)):
        return digits.replace(".", "")
    return digits


def _ranges(doc: str, found: list[Amount]) -> list[Amount]:
    """Neighbours joined by 'to', 'and' after 'between', or a dash become the two ends of a range."""
    result = list(found)
    for index in range(len(result) - 1):
        low, high = result[index], result[index + 1]
        between = doc[low.end : high.start]
        if low.span or high.span or low.currency != high.currency or not _JOIN.fullmatch(between or "x"):
            continue
        before = doc[max(0, low.start - 20) : low.start].casefold()
        if between.strip().casefold() == "and" and "between" not in before:
            continue
        if low.value < high.value:
            result[index], result[index + 1] = replace(low, span="low"), replace(high, span="high")
    return result
