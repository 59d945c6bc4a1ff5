"""The five feeds of the small government: where each lives, its type, and who writes it how.

Pure: no clock, no network, no files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.world import shapes
from tests.world.entries import Entry

WINDOW = 20
ATOM = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class Feed:
    """One feed: its address, its type, and how its entries are addressed and written."""

    id: str
    name: str
    country: str
    body: str
    path: str
    content_type: str
    page_path: Callable[[Entry], str]
    write: Callable[[str, str, Sequence[Entry]], str]
    on_source: str = ""  # more lines of its block in sources.toml
    edits_rise: bool = False  # an edited entry goes to the top, as on GOV.UK

    def render(self, base: str, entries: Sequence[Entry]) -> bytes:
        """The feed's window over its entries, newest first."""
        return self.write(base, self.path, entries[:WINDOW]).encode()


_DSIT = "department-for-science-innovation-and-technology"
FEEDS = {
    feed.id: feed
    for feed in (
        Feed(
            "dsit-news",
            "Department for Science, Innovation and Technology: news",
            "GB",
            "DSIT",
            f"/search/news-and-communications.atom?organisations%5B%5D={_DSIT}",
            ATOM,
            shapes.govuk_path,
            shapes.govuk_finder,
            on_source="pages = true\n",
            edits_rise=True,
        ),
        Feed(
            "dsit-organisation",
            "Department for Science, Innovation and Technology: all activity",
            "GB",
            "DSIT",
            f"/government/organisations/{_DSIT}.atom",
            ATOM,
            shapes.govuk_path,
            shapes.govuk_organisation,
            on_source="pages = true\n",
            edits_rise=True,
        ),
        Feed(
            "ukri-opportunities",
            "UK Research and Innovation: funding opportunities",
            "GB",
            "UKRI",
            "/opportunity/feed/",
            "application/rss+xml; charset=UTF-8",
            shapes.ukri_path,
            shapes.ukri_opportunities,
            on_source='kinds = ["call"]\npages = true\n',
        ),
        Feed(
            "pib-delhi",
            "Press Information Bureau, Delhi",
            "IN",
            "PIB",
            "/RssMain.aspx?ModId=6&Lang=1&Regid=3",
            "text/xml; charset=utf-8",
            shapes.pib_path,
            shapes.pib,
            on_source="pages = true\n",
        ),
        Feed(
            "grants-gov",
            "grants.gov: new opportunities by agency",
            "US",
            "grants.gov",
            "/rss/GG_NewOppByAgency.xml",
            "text/xml;charset=UTF-8",
            shapes.grants_path,
            shapes.grants_gov,
            on_source='kinds = ["call"]\n',
        ),
    )
}


def sources_toml(base: str, interval_minutes: float) -> str:
    """A catalogue of the five feeds, for COMMUNIQUE_SOURCES."""
    return "\n".join(
        f'[[source]]\nid = "{feed.id}"\nname = "{feed.name}"\nurl = "{base}{feed.path}"\n'
        f'country = "{feed.country}"\nbody = "{feed.body}"\n'
        f"interval_minutes = {interval_minutes}\n{feed.on_source}"
        for feed in FEEDS.values()
    )
