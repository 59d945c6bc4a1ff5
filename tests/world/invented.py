"""Announcements without end: plausible, each with a title of its own, in a fixed rotation.

Pure: no clock, no network, no chance. The same number on the same day gives the same announcement. Of ten,
three are calls and two are initiatives; the rest is what else governments say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from tests.world.entries import Entry, long_date, slug_of

_TOPICS = (
    "future telecoms",
    "critical minerals",
    "artificial intelligence",
    "quantum sensing",
    "biotechnology",
    "advanced materials",
    "semiconductors",
    "cyber security",
    "satellite navigation",
    "clean energy storage",
    "robotics",
    "maritime autonomy",
    "zero-emission transport",
    "sustainable agriculture",
    "climate modelling",
    "high-performance computing",
)
_COUNTRIES = ("Japan", "Canada", "Germany", "France", "Australia", "Singapore", "Norway", "Italy", "Brazil")
_TOWNS = (
    "Leeds",
    "Cardiff",
    "Dundee",
    "Belfast",
    "Swindon",
    "Hull",
    "Derby",
    "Exeter",
    "Lincoln",
    "Perth",
    "Bath",
)
_CITIES = (
    "Pune",
    "Kochi",
    "Indore",
    "Mysuru",
    "Jaipur",
    "Ranchi",
    "Bhopal",
    "Surat",
    "Patna",
    "Guwahati",
    "Nagpur",
)
_ROUNDS = len(_TOPICS) * len(_COUNTRIES)

Invention = tuple[str, str | None, Entry]


@dataclass(frozen=True)
class _Theme:
    """What one announcement is about."""

    number: int
    turn: int
    today: date

    @property
    def topic(self) -> str:
        return _TOPICS[self.turn % len(_TOPICS)]

    @property
    def country(self) -> str:
        return _COUNTRIES[self.turn % len(_COUNTRIES)]

    @property
    def town(self) -> str:
        return _TOWNS[self.turn % len(_TOWNS)]

    @property
    def city(self) -> str:
        return _CITIES[self.turn % len(_CITIES)]

    @property
    def phase(self) -> str:
        # After every topic has met every country, titles would come again; they are told apart by a phase.
        return f", phase {self.turn // _ROUNDS + 1}" if self.turn >= _ROUNDS else ""

    @property
    def closes(self) -> date:
        return self.today + timedelta(days=30 + self.number * 7 % 90)

    @property
    def millions(self) -> int:
        return 2 + self.number * 3 % 17


def invented(number: int, today: date) -> Invention:
    """The announcement of that number: its feed, a second feed that shows it too, and the entry."""
    turn, place = divmod(number, len(_ROTATION))
    return _ROTATION[place](_Theme(number, turn, today))


def _visit(theme: _Theme) -> Invention:
    return _news(
        f"Science Minister visits {theme.topic} laboratory in {theme.town}{theme.phase}",
        f"The minister met researchers and apprentices who work on {theme.topic}.",
        f"The Science Minister toured the laboratory and thanked the people of {theme.town}.",
        kind="News story",
    )


def _ukri_call(theme: _Theme) -> Invention:
    title = f"{theme.topic.capitalize()}: joint research with {theme.country}{theme.phase}"
    entry = Entry(
        title=title,
        slug=slug_of(title),
        author="UKRI",
        summary=f"Apply for funding for research on {theme.topic} with partners in {theme.country}.",
        body=("You must be based at a UK research organisation. Projects can last up to 36 months.",),
        details={
            "Opportunity status": "Open",
            "Funders": "UK Research and Innovation",
            "Funding type": "Grant",
            "Total fund": f"£{theme.millions},000,000",
            "Maximum award": f"£{theme.millions * 50},000",
            "Publication date": long_date(theme.today),
            "Opening date": f"{long_date(theme.today)} 9:00am UK time",
            "Closing date": f"{long_date(theme.closes)} 4:00pm UK time",
        },
    )
    return "ukri-opportunities", None, entry


def _review(theme: _Theme) -> Invention:
    return _release(
        theme,
        f"Secretary reviews progress of works in {theme.city} under {theme.topic} park scheme{theme.phase}",
        f"The Secretary reviewed roads, water and power in {theme.city} and asked for timely completion.",
    )


def _grants_call(theme: _Theme) -> Invention:
    entry = Entry(
        title=f"{theme.topic.title()} Research Program, Cycle {theme.turn + 1}",
        slug=str(363000 + theme.number),
        summary=f"Supports research on {theme.topic} at universities and small businesses.",
        details={
            "Funding Opportunity Number": f"DE-FOA-{4000 + theme.number:07d}",
            "Agency Name": "Department of Energy, Office of Science",
            "Posted Date": f"{theme.today:%m/%d/%Y}",
            "Close Date": f"{theme.closes:%m/%d/%Y}",
            "Estimated Total Program Funding": f"${theme.millions},000,000",
            "Award Ceiling": f"${theme.millions * 50},000",
        },
    )
    return "grants-gov", None, entry


def _partnership(theme: _Theme) -> Invention:
    return _news(
        f"UK and {theme.country} launch partnership on {theme.topic}{theme.phase}",
        f"The two countries have agreed to work together on {theme.topic}.",
        f"The United Kingdom and {theme.country} today launched a partnership on {theme.topic}. It was "
        f"signed by the Department for Science, Innovation and Technology and its counterpart there.",
        also="dsit-organisation",
    )


def _figures(theme: _Theme) -> Invention:
    return _release(
        theme,
        f"Monthly figures on output of goods related to {theme.topic} released in {theme.city}{theme.phase}",
        "Output rose by 2.1 per cent over the same month of the year before. Figures are provisional.",
    )


def _winners(theme: _Theme) -> Invention:
    return _news(
        f"{theme.millions + 5} projects share £{theme.millions} million for {theme.topic} in {theme.town}"
        f"{theme.phase}",
        f"The winners of a competition for {theme.topic} that closed in the summer have been announced.",
        f"They were chosen from {theme.millions * 9} applications. The competition closed in the summer.",
    )


def _joint_proposals(theme: _Theme) -> Invention:
    return _release(
        theme,
        f"DST invites joint proposals with {theme.country} on {theme.topic}{theme.phase}",
        f"The Department of Science and Technology (DST) and its counterpart in {theme.country} invite joint "
        f"proposals on {theme.topic}. The Indian side provides ₹{theme.millions * 2} crore.",
        f"Proposals may be submitted online until {long_date(theme.closes)}.",
    )


def _guidance(theme: _Theme) -> Invention:
    title = f"Notes for exporters of goods related to {theme.topic}: trade with {theme.country}{theme.phase}"
    summary = f"Which licences are needed for trade with {theme.country}, and how to ask for them."
    body = ("These notes replace earlier ones.",)
    entry = Entry(title=title, slug=slug_of(title), summary=summary, body=body, kind="Guidance")
    return "dsit-organisation", None, entry


def _memorandum(theme: _Theme) -> Invention:
    return _release(
        theme,
        f"India and {theme.country} sign Memorandum of Understanding on {theme.topic}{theme.phase}",
        f"India and {theme.country} signed a Memorandum of Understanding on {theme.topic} in New Delhi "
        f"today. A joint working group will meet in {theme.city} next year.",
    )


_ROTATION: tuple[Callable[[_Theme], Invention], ...] = (
    _visit,
    _ukri_call,
    _review,
    _grants_call,
    _partnership,
    _figures,
    _winners,
    _joint_proposals,
    _guidance,
    _memorandum,
)


def _news(
    title: str, summary: str, *body: str, kind: str = "Press release", also: str | None = None
) -> Invention:
    entry = Entry(title=title, slug=slug_of(title), summary=summary, body=body, kind=kind)
    return "dsit-news", also, entry


def _release(theme: _Theme, title: str, *body: str) -> Invention:
    ministry = "Ministry of Science & Technology"
    return "pib-delhi", None, Entry(title=title, slug=str(2200000 + theme.number), body=body, kind=ministry)
