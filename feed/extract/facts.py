"""The facts of one subject, each with the words it was read from.

Pure: no clock, no network, no database.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from feed.extract import bodies, budget, dates, signals, technologies, titles, weigh
from feed.extract.cues import Cue
from feed.extract.dates import Term
from feed.extract.drafts import QUOTE, Draft, whole
from feed.extract.lines import Line, Page
from feed.extract.parties import (
    ALONE,
    Named,
    Party,
    accompanying,
    announce_it_together,
    launching,
    listed,
    named_states,
)
from feed.extract.places import Place
from feed.extract.prose import prose
from feed.extract.reading import Found, Publisher
from feed.extract.technologies import Candidate as Topic
from feed.extract.words import Hit, words
from storage.events import Evidence, Money
from storage.terms import body_name, is_country

_SUMMARY = 400
# What ties a clause to the one before it, and is no part of a title.
_LINK = re.compile(
    r"^[\s,;–—-]*(?:(?:and|with|alongside|plus|while|as well as|together with|including)\s)?", re.IGNORECASE
)
# Who takes part without the money is no party to a call.
_UNPAID = re.compile(
    r"\b(?:at|with|from) (?:their|its|his|her) own (?:cost|costs|expense|funds|funding|resources)\b"
    r"|\b(?:not|cannot|without) (?:be |being )?(?:eligible (?:for|to receive)|receiv\w+|funded)",
    re.IGNORECASE,
)


def _size(count: int) -> str:
    return "never" if not count else "once" if count < 2 else "some" if count < 5 else "often"


class Facts:
    """Reads the facts of each subject from the stretches of the page that speak of it."""

    def __init__(self, read: Page, publisher: Publisher, noticed: Sequence[Cue]) -> None:
        self.page = read
        self.cues = noticed
        self.publisher = publisher
        self.named = read.bodies
        self.named_starts = [hit.start for hit in self.named]
        self.mentions = technologies.mentions(read.doc, read.words, read.topics, self.named)
        self.title_end = read.doc.find("\n")

    def found(self, draft: Draft, drafts: Sequence[Draft]) -> Found:
        """One subject with all its facts."""
        names, body_evidence, _ = self.bodies(draft)
        countries, country_evidence = self.countries(draft, drafts)
        slugs, technology_evidence = self.technologies(draft)
        sums, money_evidence = self.money(draft, drafts)
        opens, closes = (None, None)
        if draft.kind == "call":
            opens, closes = self.terms(draft, drafts, countries)
        date_evidence = [
            Evidence(field, term.rule, term.quote)
            for field, term in (("opens", opens), ("closes", closes))
            if term
        ]
        return Found(
            kind=draft.kind,
            title=self.title(draft),
            summary=self.summary(draft),
            technologies=slugs,
            countries=countries,
            bodies=names,
            money=sums,
            opens=opens.value if opens else None,
            closes=closes.value if closes else None,
            evidence=(
                Evidence("kind", draft.rule, draft.quote),
                *technology_evidence,
                *country_evidence,
                *body_evidence,
                *money_evidence,
                *date_evidence,
            ),
        )

    def bare(self, draft: Draft) -> Found:
        """A call in a language without rules: its title, and what the operator says of the publisher."""
        countries, country_evidence = self.publisher_country()
        names, body_evidence = self.publisher_body()
        return Found(
            kind=draft.kind,
            title=self.own_title(),
            summary=self.summary(draft),
            technologies=(),
            countries=countries,
            bodies=names,
            money=(),
            opens=None,
            closes=None,
            evidence=(Evidence("kind", draft.rule, draft.quote), *country_evidence, *body_evidence),
        )

    def own_title(self) -> str:
        """The announcement's title without its type."""
        whole = self.page.doc[: self.title_end]
        title = titles.tidy(titles.split_prefix(whole, signals.prefixes())[1], 300)
        return title or titles.tidy(self.page.doc) or "(untitled)"

    def title(self, draft: Draft) -> str:
        """The announcement's title, or for a further subject one made of its sentence's words."""
        if draft.signal is None or (draft.is_main and not self._is_about_else(draft)):
            return self.own_title()
        phrase = titles.phrase_title(self.page.doc, self.page.words, draft.signal.first, draft.signal.last)
        if len(phrase.split()) > 1 and draft.signal.noun != "apply":
            return phrase
        low, high = draft.stretches[0] if draft.stretches else (draft.signal.start, draft.signal.end)
        clause = titles.tidy(_LINK.sub("", self.page.doc[low:high]), 100).rstrip(" .")
        return clause[:1].upper() + clause[1:] or self.own_title()

    def _is_about_else(self, draft: Draft) -> bool:
        """Whether the announcement's title is that of a visit or a meeting at which the subject came up."""
        title = self.page.doc[: self.title_end]
        if draft.signal is None or draft.signal.line.part == "title":
            return False
        return draft.kind == "initiative" and signals.vetoed(words(title), "soft")

    def summary(self, draft: Draft) -> str:
        """What the announcement says of the subject first, in its own words."""
        if draft.signal is not None and not draft.is_main:
            sentence = draft.signal.line.sentence
            return titles.tidy(self.page.doc[sentence.start : sentence.end], _SUMMARY)
        return titles.tidy(prose(self.page.doc[self.title_end + 1 :])[: _SUMMARY * 2], _SUMMARY)

    def _within(self, start: int, draft: Draft) -> bool:
        return any(low <= start < high for low, high in draft.stretches)

    def _concerns(self, start: int, draft: Draft) -> bool:
        """Whether words speak of the subject, or of all that are announced together."""
        return self._within(start, draft) or any(low <= start < high for low, high in draft.shared)

    def technologies(self, draft: Draft) -> tuple[tuple[str, ...], list[Evidence]]:
        """What the subject is about."""
        best = {
            slug: topic.mention
            for slug, topic in self.topics(draft).items()
            if topic.certain or weigh.score("technology", topic.features) > 0
        }
        return tuple(best), [
            Evidence(
                "technologies", f"technologies.{slug}", self.page.doc[mention.start : mention.end][:QUOTE]
            )
            for slug, mention in best.items()
        ]

    def topics(self, draft: Draft) -> dict[str, Topic]:
        """The technologies that the subject may be about."""
        return technologies.candidates(self.page, self.mentions, draft)

    def sums(self, draft: Draft, drafts: Sequence[Draft]) -> list[budget.Sum]:
        """The sums that may be the subject's."""
        return budget.sums(self.page, draft, drafts, self.cues)

    def terms(
        self, draft: Draft, drafts: Sequence[Draft], countries: Sequence[str]
    ) -> tuple[Term | None, Term | None]:
        """When a call opens and closes: the only one of an announcement by all of it, else by its own words,
        and where these are silent by what is said of all. Clocks are those of the publisher, or of the only
        party."""
        alone = sum(other.kind == "call" for other in drafts) == 1
        stretches = whole(self.page) if alone else draft.stretches
        home = self.publisher.country or (countries[0] if len(countries) == 1 else None)
        told = (self.page.published, home)
        opens, closes = dates.terms(self.page.doc, stretches, *told)
        if alone or (opens and closes) or not draft.shared:
            return opens, closes
        opens_all, closes_all = dates.terms(self.page.doc, draft.shared, *told)
        return opens or opens_all, closes or closes_all

    def publisher_country(self) -> tuple[tuple[str, ...], list[Evidence]]:
        """The publisher's country, if the operator told it."""
        code = self.publisher.country
        if code is None or not is_country(code):
            return (), []
        return (code,), [self._told_by("countries", code)]

    def publisher_body(self) -> tuple[tuple[str, ...], list[Evidence]]:
        """The publisher's canonical name, if the operator told it."""
        body = self.publisher.body
        if not body:
            return (), []
        return (body_name(body) or body,), [self._told_by("bodies", body)]

    def _told_by(self, field: str, value: str) -> Evidence:
        """The operator's word, or the host of the address."""
        host = self.publisher.host
        return Evidence(field, "host", host[:QUOTE]) if host else Evidence(field, "publisher", value)

    def countries(self, draft: Draft, drafts: Sequence[Draft]) -> tuple[tuple[str, ...], list[Evidence]]:
        """The parties, in alphabetical order."""
        parties = self.parties(draft, drafts)
        together = any(
            party.together or {"announced, takes part", "takes part as group"} <= party.features
            for party in parties.values()
        )
        found = {
            code: party.evidence
            for code, party in parties.items()
            # Where others announce it together, who only publishes it takes no part.
            if party.certain
            or (
                weigh.score("country", party.features) > 0
                and not (together and ALONE in party.features and "of a body" not in party.features)
            )
        }
        return tuple(sorted(found)), [found[code] for code in sorted(found)]

    def parties(self, draft: Draft, drafts: Sequence[Draft]) -> dict[str, Party]:
        """The states that may be parties, each with what it was read from and what is weighed of it."""
        _, _, body_countries = self.bodies(draft)
        named, aims = named_states(self.page)
        home, home_evidence = self.publisher_country()
        # Who is named only as the one that gains takes no part, whatever else speaks for it.
        everyone = {*(named.keys() - aims), *body_countries, *home}
        own = [line for line in self.page.lines if self._is_of_call(line, draft, alone=len(drafts) == 1)]
        partners = {code for line in own for code in listed(self.page, line) | accompanying(self.page, line)}
        launchers = {code for line in own for code in launching(self.page, line)}
        found: dict[str, Party] = {}
        for code in sorted(everyone):
            places = named.get(code, [])
            told, best = self._role_of(places, draft, alone=len(drafts) == 1)
            told |= {f"of {draft.kind}", f"states {min(len(everyone), 6)}", f"named {_size(len(places))}"}
            if code in home:
                told |= {"publisher's", f"publisher's of {draft.kind}"}
                if len(everyone) > 1 and not places:
                    told.add(ALONE)
            if code in body_countries:
                told |= {"of a body", f"of a body of {draft.kind}"}
            if best is not None:
                quote = self.page.doc[best.start : best.end][:QUOTE]
                evidence = Evidence("countries", f"countries.{best.payload.form}", quote)
            elif code in body_countries:
                evidence = Evidence("countries", "countries.body", body_countries[code])
            else:
                evidence = home_evidence[0]
            together = announce_it_together(draft, places) or code in launchers
            found[code] = Party(evidence, frozenset(told), together or code in partners, together)
        return found

    def _is_of_call(self, line: Line, draft: Draft, *, alone: bool) -> bool:
        """Whether a sentence that names states may tell whose call it is."""
        if draft.kind != "call" or not line.places or line.part in ("quote", "notes"):
            return False
        return alone or self._concerns(line.sentence.start, draft)

    def _role_of(
        self, places: Sequence[Named], draft: Draft, *, alone: bool
    ) -> tuple[set[str], Hit[Place] | None]:
        """What the places where a state is named tell of its part in a subject, and the best of them."""
        told: set[str] = set()
        best = places[0][1] if places else None
        found = False
        for line, hit, takes, _ in places:
            where = "own" if alone or self._within(hit.start, draft) else "shared"
            if where == "shared" and not self._concerns(hit.start, draft):
                where = "elsewhere"
            role = "takes part" if takes else "mentioned"
            told |= {
                f"{role} in {line.part} ({where})",
                f"{hit.payload.form} in {line.part}",
                f"{role} as {hit.payload.form}",
                where,
            }
            if _UNPAID.search(self.page.doc, *line.span):
                told.add("unpaid")
            if draft.signal is not None and line.index == draft.signal.line.index:
                told.add(f"announced, {role}")
            if where != "elsewhere" and takes and not found:
                best, found = hit, True
        return told, best

    def bodies(self, draft: Draft) -> tuple[tuple[str, ...], list[Evidence], dict[str, str]]:
        """The bodies named, their evidence, and the countries that they stand for."""
        scope: list[Hit[tuple[bodies.Candidate, ...]]] = []
        for line in self.page.lines:
            if line.part in ("quote", "notes") or not (
                line.part in ("title", "lead") or not draft.is_main or self._is_labelled(line)
            ):
                continue
            low = bisect_left(self.named_starts, line.sentence.start)
            high = bisect_left(self.named_starts, line.sentence.end)
            scope += [hit for hit in self.named[low:high] if self._concerns(hit.start, draft)]
        around = {code for line in self.page.lines[:8] for code in line.states} | {
            self.publisher.country or ""
        }
        best = bodies.chosen(scope, around, self.publisher.country)
        names = tuple(best)
        evidence = [
            Evidence("bodies", "bodies.named", self.page.doc[hit.start : hit.end][:QUOTE])
            for _, hit in best.values()
        ]
        countries: dict[str, str] = {}
        for country, hit in best.values():
            if not country:  # of several states
                continue
            countries.setdefault(country, self.page.doc[hit.start : hit.end][:QUOTE])
        if not names and draft.kind == "call":
            names, evidence = self.publisher_body()
        return names, evidence, countries

    def _is_labelled(self, line: Line) -> bool:
        return bool(line.having("label"))

    def money(self, draft: Draft, drafts: Sequence[Draft]) -> tuple[tuple[Money, ...], list[Evidence]]:
        """The subject's own money."""
        facts = budget.budget(self.sums(draft, drafts))
        return facts, [Evidence("money", f"money.{fact.role}", fact.quote) for fact in facts]
