"""Which sentences announce an initiative. The words are data, in kinds.toml; here is how they combine.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

from feed.extract import objects, past
from feed.extract.lines import Line, Page, Tags
from feed.extract.signals import Signal, signal, vetoed
from feed.extract.words import BREAK, Hit, words

_OBJECTS = {
    "launch": frozenset({"accord", "scheme", "facility", "plan"}),
    "publish": frozenset({"plan"}),
    "open": frozenset({"facility"}),
    "join": frozenset({"accord"}),
}
OBJECTS = _OBJECTS["launch"]
"""The sorts of nouns that name an initiative."""
_AIMS = frozenset({"open", "to build", "to host", "to be built"})
# What by its bare name is something agreed.
_PAPERS = frozenset(
    [
        "memorandum", "mou", "moc", "agreement", "pact", "treaty",
        "declaration", "accord", "initiative", "partnership", "deal", "compact", "arrangement", "bridge",
    ]
)  # fmt: skip
# Behind an accord these go on with its name.
_NAMED_BY = frozenset({BREAK, ",", "on", "for", "in", "between", "with", "of", "and"})


def further(page: Page, line: Line) -> Signal | None:
    """What in the sentence announces one more initiative, where the announcement carries one already."""
    if line.part in ("title", "quote", "notes") or past.is_hypothetical(line):
        return None
    return _launches(page, line) or _launched(page, line)


def initiative(page: Page, line: Line, *, title_is_soft: bool) -> Signal | None:
    """What in the sentence announces an initiative, if anything does."""
    if line.part in ("quote", "notes") or past.is_hypothetical(line):
        return None
    found = _launches(page, line) or _launched(page, line)
    if line.part == "title" and title_is_soft:
        return found if found and not _is_soft(page, found) else None
    if found is None and line.part in ("title", "lead"):
        found = _partners(line) or _is_new(page, line)
    if found is None and line.part == "title":
        found = _is_titled(page, line)
    if found is None or (line.part == "body" and not _is_marked_new(line, found)):
        return None
    return found


def _is_soft(page: Page, found: Signal) -> bool:
    """Whether the clause that launches is itself of a visit or a meeting: not 'visits X and signs Y'."""
    clause = page.doc.rfind(" and ", 0, found.start)
    return vetoed(words(page.doc[max(0, clause) : found.end]), "soft")


def _launches(page: Page, line: Line) -> Signal | None:
    """A verb of launching with what is launched after it: 'signed a memorandum'."""
    for verb in line.having("launch", "publish", "open", "join"):
        if ("join" in verb.payload and line.part != "title") or _is_adjective(page, line, verb):
            continue
        wanted = frozenset[str]().union(*(_OBJECTS[name] for name in verb.payload if name in _OBJECTS))
        if past.is_past(page, verb, line):
            continue
        noun = objects.launched_by(page, line, verb, wanted)
        if noun is not None and not past.is_dated_back(page, noun, line):
            return signal(line, "initiative", "kind.launches", (verb, noun), noun)
    return None


def _is_adjective(page: Page, line: Line, verb: Hit[Tags]) -> bool:
    """Whether an 'open' below the title is no verb ('are open and dynamic'), or an infinitive only an aim."""
    if line.part == "title" or objects.raw(page, verb) not in _AIMS:
        return False
    if objects.raw(page, verb) != "open":
        return True
    return verb.first == 0 or page.words[verb.first - 1].fold not in ("to", "will", "and")


def _launched(page: Page, line: Line) -> Signal | None:
    """What is launched before its verb: 'a memorandum was signed', or 'pact signed' in a title."""
    for verb in line.having("launch"):
        helped = any(0 < verb.first - hit.last <= 2 for hit in line.having("auxiliary"))
        done = page.doc[verb.start : verb.end].casefold().endswith(("ed", "struck", "set up"))
        helped = helped or (done and (line.part == "title" or past.is_today(page, line, verb)))
        if not helped or past.is_past(page, verb, line):
            continue
        for noun in reversed(line.tags):
            if noun.first >= verb.first or objects.is_plural(page, noun):
                continue
            if verb.first - noun.last > 8 or "block" in noun.payload or page.stopped(noun.last, verb.first):
                break
            if noun.payload & OBJECTS and not page.is_in_body_name(noun):
                if past.is_standing(page, line, verb) and "accord" not in noun.payload:
                    break
                return signal(line, "initiative", "kind.launched", (noun, verb), noun)
    return None


def _partners(line: Line) -> Signal | None:
    """States that agree to work together, with no noun for what they agreed."""
    verbs = line.having("partner")
    if verbs and len(line.states) >= 2:
        return signal(line, "initiative", "kind.partners", verbs[:1], verbs[0])
    return None


def _is_new(page: Page, line: Line) -> Signal | None:
    """'New digital partnership …': in a title, or in a lead that says what it will do."""
    for new in line.having("new"):
        for hit in line.tags:
            if hit.first <= new.last:
                continue
            if hit.first - new.last > 8 or objects.is_apart(page, new.last, hit.first):
                break
            if hit.payload & OBJECTS:
                if objects.raw(page, new) == "joint" and "plan" in hit.payload:
                    break
                later = any(will.first > hit.last for will in line.having("will"))
                if later or (line.part == "title" and not line.having("block")):
                    return signal(line, "initiative", "kind.new", (new, hit), hit)
                break
            if not hit.payload.isdisjoint(("block", "callstrong", "callplain", "noncall")):
                break
    return None


def _is_titled(page: Page, line: Line) -> Signal | None:
    """A title that is the name of an accord between two states."""
    accords = [hit for hit in line.having("accord") if is_paper(page, hit)]
    if len(line.states) < 2 or not accords or line.having("hypothetical", "onward", "callstrong"):
        return None
    last = accords[-1].last
    if last + 1 < line.last and page.words[last + 1].fold not in _NAMED_BY:
        return None
    if all(hit.first > last + 1 for hit in line.having("block")):
        return signal(line, "initiative", "kind.titled", accords[-1:], accords[-1])
    return None


def is_paper(page: Page, hit: Hit[Tags]) -> bool:
    """Whether the phrase by its bare name is something agreed."""
    return not _PAPERS.isdisjoint((page.words[hit.first].fold, page.words[hit.last].fold))


def _is_marked_new(line: Line, found: Signal) -> bool:
    """Whether a sentence below the lead says that the thing is new."""
    return any(abs(hit.first - found.first) <= 12 for hit in line.having("new"))
