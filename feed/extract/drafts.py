"""Which subjects an announcement carries, and which stretches of it speak of each.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from feed.extract import calls, dates, features, initiatives, outcomes, several, signals, titles, weigh
from feed.extract.cues import Cue
from feed.extract.lines import Page
from feed.extract.reading import Publisher
from feed.extract.signals import Signal
from feed.extract.words import words

QUOTE = 200
LEAST = {"call": -0.5, "initiative": 0.0}
"""The log-odds from which on a kind is there. To miss a call is worse than to show what is none."""
_MOST_STRETCHES = 40
Stretches = tuple[tuple[int, int], ...]
# Where one sentence turns to a second subject: 'a new initiative, alongside a £7 million call'.
_TURN = re.compile(
    r"[,;]?\s+(?:alongside|together with|as well as|along with|in addition to|accompanied by|plus"
    r"|and (?:also )?(?:launch|announc|open)\w*|complemented by|backed up by|including|while)\s"
    r"|;\s|\s[–—]\s|,\s+with\s(?=an?\s|(?-i:[A-Z£€₹$]))|,\s+and\s",
    re.IGNORECASE,
)
_WEAK_TURN = re.compile(r"\sand (?:an?|the)\s", re.IGNORECASE)
# What stands between a scheme and a call that is another subject.
_APART = re.compile(r"\b(?:with|and|alongside|plus|as well as)\b", re.IGNORECASE)
# Where a title turns to a second initiative: 'sign memorandum and launch fund'.
_SECOND = re.compile(
    r"(?:,|;|\sand)\s(?:also )?(?:launch|sign|announc|agree|unveil|establish|creat|set up)\w*", re.IGNORECASE
)
_SPEAKS_OF_IT = re.compile(
    r"^\W*(?:(?:the|this|under the) (?:[A-Z][\w-]+ ){0,4}"
    r"(?:initiative|partnership|agreement|programme|pact|accord|deal|mo[uc]"
    r"|memorandum|declaration|strategy|plan)|it|they|areas|sectors)\b",
    re.IGNORECASE,
)
_CARRIES_ON = re.compile(
    r"^\W*(?:the (?:call|competition|funding|fund|opportunity|grant|award|programme|projects?"
    r"|deadline|scheme|closing|challenge|prize)\w*|it|this|these|applications?|applicants|proposals?"
    r"|projects?|bids?|successful|funded|"
    r"delivered|up to|each|eligible|researchers|grants?|awards?|researchers|teams|consortia|deadline"
    r"|closing date|opens|closes|competition)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A subject before its facts are read: what announces it, and the stretches that speak of it."""

    signal: Signal | None
    kind: str
    rule: str
    quote: str
    is_main: bool
    stretches: Stretches
    # Where the parties and bodies of several subjects stand together.
    shared: Stretches = ()


def by_nature(url: str, publisher: Publisher) -> list[Draft]:
    """The subject that the source or the link make certain, whatever the text says."""
    if "call" in publisher.kinds:
        return [Draft(None, "call", "publisher", "call", True, ())]
    if signals.is_opportunity_link(url):
        return [Draft(None, "call", "link", url.strip()[:QUOTE], True, ())]
    if "initiative" in publisher.kinds:
        return [Draft(None, "initiative", "publisher", "initiative", True, ())]
    return []


def whole(read: Page) -> Stretches:
    """All of it in one stretch: a label and its value stand on lines of their own."""
    return ((0, len(read.doc)),)


def is_no_news(title: str) -> bool:
    """Whether the title alone tells that there is no subject: a speech, an appointment, statistics."""
    prefix, rest = titles.split_prefix(title, signals.prefixes())
    return signals.is_no_news(prefix) or signals.vetoed(words(rest), "hard")


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for and against each kind in one announcement: the signals of the rules, the cues, and the
    features that are weighed."""

    launched: Sequence[Signal]
    opened: Sequence[Signal]
    cues: Sequence[Cue]
    features: frozenset[str]


def signs(read: Page, noticed: Sequence[Cue], url: str, country: str | None) -> Signs:
    """What the words of the announcement and its link tell of its kind."""
    heading = read.lines[0] if read.lines and read.lines[0].part == "title" else None
    title = read.doc[: heading.sentence.end] if heading else ""
    prefix, rest = titles.split_prefix(title, signals.prefixes())
    title_words = words(rest)
    soft, decided = signals.vetoed(title_words, "soft"), signals.vetoed(title_words, "decided")
    decided = decided and not signals.is_call_type(prefix)
    funded = any(line.having("fundword") or line.money for line in read.lines[:4]) or (
        heading is not None and bool(heading.having("callplain", "callstrong"))
    )
    launched = [
        found for line in read.lines if (found := initiatives.initiative(read, line, title_is_soft=soft))
    ]
    opened = [found for line in read.lines if (found := calls.call(read, line, funded=funded))]
    if decided:
        opened = [found for found in opened if found.noun in ("apply", "ask")]
    labelled = calls.labels(read)
    if not opened and not decided:
        opened = [found for found in (labelled or calls.titled(read),) if found]
    opens, closes = dates.terms(read.doc, whole(read), read.published, country)
    told = {
        f"type {prefix}": bool(prefix),
        "no news by its title": is_no_news(title),
        "soft title": soft,
        "decided by its title": decided,
        "labels": labelled is not None,
        "answer": any(line.having("answer") for line in read.lines),
        "opens": opens is not None,
        "closes": closes is not None,
        "closes later": bool(closes and read.published and closes.value[:10] >= read.published[:10]),
        "closed before": bool(closes and read.published and closes.value[:10] < read.published[:10]),
        "short": len(read.doc) < 500,
    }
    weighed = features.of_announcement(
        read, title_words, noticed, [*launched, *opened], (name for name, so in told.items() if so), url
    )
    return Signs(launched, opened, noticed, weighed)


def drafts(read: Page, noticed: Sequence[Cue], url: str, country: str | None) -> list[Draft]:
    """The subjects that the words of the announcement make."""
    found = signs(read, noticed, url, country)
    if any(line.having("answer") for line in read.lines):
        return []
    launched, opened = list(found.launched), list(found.opened)
    for kind, own in (("call", opened), ("initiative", launched)):
        likely = weigh.score(kind, found.features)
        if likely < LEAST[kind]:
            own.clear()
        elif not own and (best := _noticed(kind, found)):
            own.append(best)
    return _settled(read, launched, opened, country)


def _noticed(kind: str, found: Signs) -> Signal | None:
    """The cue that speaks most for a kind of which no rule found a signal."""
    own = [cue for cue in found.cues if cue.kind == kind and cue.line.part not in ("quote", "notes")]
    best = max(
        own,
        key=lambda cue: (
            weigh.weight(kind, f"{kind}.{cue.name} in {cue.line.part}")
            + weigh.weight(kind, f"{kind}.{cue.name}")
        ),
        default=None,
    )
    if best is None:
        return None
    noun = "apply" if kind == "call" else "scheme"
    return Signal(
        kind, f"kind.{best.name}", best.line, best.start, best.end, best.line.first, best.line.first, noun
    )


def _settled(
    read: Page, launched: Sequence[Signal], opened: Sequence[Signal], country: str | None
) -> list[Draft]:
    """Which signals are subjects of their own."""
    call = opened[0] if opened else None
    initiative = launched[0] if launched else None
    parts = several.calls(read, opened, country) if call else []
    if initiative is None:
        if parts:
            return [_part(read, part) for part in parts]
        return [_draft(read, call, is_main=True, stretches=whole(read))] if call else []
    call_leads = call is not None and call.line.index < initiative.line.index
    if not call_leads and (listed := outcomes.outcomes(read, initiative)):
        one = (
            [_draft(read, call, is_main=False, stretches=_call_stretches(read, opened, launched))]
            if call
            else []
        )
        return [*(_part(read, part) for part in listed), *one]
    others = [
        _draft(read, one, is_main=False, stretches=_clauses(read, one))
        for one in outcomes.further(read, launched, initiative)
    ]
    if parts and not call_leads:
        others += [_part(read, part) for part in parts]
    elif call is not None:
        stretches = _call_stretches(read, opened, launched)
        if call_leads:
            stretches = ((0, read.lines[0].sentence.end), *stretches)
        others.append(_draft(read, call, is_main=call_leads, stretches=stretches))
    owned = [stretch for draft in others for stretch in draft.stretches]
    if call_leads:
        own = _carried_on(read, initiative, opened)
    else:
        own = _main_stretches(read, initiative, owned, alone=others[:1] == [] or others[0].kind == "call")
    return [_draft(read, initiative, is_main=not call_leads, stretches=own), *others]


def _draft(read: Page, found: Signal, *, is_main: bool, stretches: Stretches) -> Draft:
    quote = read.doc[found.start : found.end][:QUOTE]
    return Draft(found, found.kind, found.rule, quote, is_main, stretches)


def _part(read: Page, part: several.Part) -> Draft:
    low, high = part.stretches[0]
    draft = _draft(read, part.signal, is_main=False, stretches=part.stretches)
    return replace(draft, quote=read.doc[low:high].strip()[:QUOTE], shared=part.shared)


def _clauses(read: Page, found: Signal) -> Stretches:
    """The part of its sentence that a subject has to itself."""
    low, high = found.line.sentence.start, found.line.sentence.end
    noun = read.words[found.first].start
    for pattern in (_TURN, _WEAK_TURN):
        turns = [turn for turn in pattern.finditer(read.doc, low, high) if turn.end() <= noun + 1]
        # A sum just before the noun is the noun's: no turn lies between the two.
        sums = [amount.start for amount in found.line.money if 0 <= noun - amount.end < 40]
        turns = [turn for turn in turns if all(turn.start() < start for start in sums)]
        if turns:
            return ((turns[-1].start(), high),)
    return ((low, high),)


def _carried_on(read: Page, found: Signal, opened: Sequence[Signal]) -> Stretches:
    """An initiative's clause, and the sentences after it that go on about it."""
    stretches = list(_clauses(read, found))
    others = {signal.line.index for signal in opened}
    for line in read.lines[found.line.index + 1 : found.line.index + 4]:
        start, end = line.sentence.start, line.sentence.end
        if line.index in others or not _SPEAKS_OF_IT.match(read.doc[start:end]):
            break
        stretches.append((start, end))
    return tuple(stretches)


def _call_stretches(read: Page, opened: Sequence[Signal], launched: Sequence[Signal]) -> Stretches:
    """The sentences about a call that is one subject of several: those that open it, and what carries on."""
    found: list[tuple[int, int]] = []
    lines = {signal.line.index: signal for signal in opened}
    shared = {signal.line.index for signal in launched}
    for index, opening in lines.items():
        mixed = index in shared
        found += (
            _clauses(read, opening) if mixed else ((opening.line.sentence.start, opening.line.sentence.end),)
        )
        for line in read.lines[index + 1 : index + 5]:
            start, end = line.sentence.start, line.sentence.end
            if (
                index == 0
                or line.index in lines
                or line.index in shared
                or not _CARRIES_ON.match(read.doc[start:end])
            ):
                break
            if line.having("accord") and not line.having("callstrong", "callplain", "apply", "fundword"):
                break
            found.append((start, end))
    return tuple(sorted(set(found)))[:_MOST_STRETCHES]


def _main_stretches(
    read: Page, initiative: Signal, owned: Sequence[tuple[int, int]], *, alone: bool
) -> Stretches:
    """What speaks of the announcement itself: title, lead, its own sentence; not what others own."""
    found: list[tuple[int, int]] = []
    for line in read.lines:
        own = line.index == initiative.line.index
        if line.part in ("title", "lead") or own:
            low, high = line.sentence.start, line.sentence.end
            for start, end in owned:
                if start <= low and end >= high:
                    low = high
                elif low < start < high:
                    high = start
            second = None if alone else _SECOND.search(read.doc, low, high)
            if second is not None and line.part == "title":
                high = second.start()
            if low < high:
                found.append((low, high))
    return tuple(found)
