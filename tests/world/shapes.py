"""The publishers' own shapes: entries as each of them writes a feed, and where their pages are.

Pure: no clock, no network, no files. The shapes differ on purpose, as the real ones do: two kinds of Atom
from one publisher, an RSS of WordPress, one with nothing but title and link, one with tables in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape

from tests.world.entries import Entry

_SECTIONS = {"Speech": "speeches", "Guidance": "publications", "Policy paper": "publications"}
_SECTIONS |= {"Official Statistics": "statistics", "Open consultation": "consultations"}
_SECTIONS |= {"Transparency data": "publications", "Research": "publications"}


def govuk_path(entry: Entry) -> str:
    return f"/government/{_SECTIONS.get(entry.kind, 'news')}/{entry.slug}"


def govuk_finder(base: str, path: str, entries: Sequence[Entry]) -> str:
    """GOV.UK's search as Atom: stable ids, one date that moves with each edit, a sentence of summary."""
    address = escape(base + path)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<feed xml:lang="en-GB" xmlns="http://www.w3.org/2005/Atom">',
        f"  <id>{address}</id>",
        f'  <link rel="self" type="application/atom+xml" href="{address}"/>',
        f'  <link rel="alternate" type="text/html" href="{address.replace(".atom", "", 1)}"/>',
        "  <title>News and communications from Department for Science, Innovation &amp; Technology</title>",
    ]
    if entries:
        lines.append(f"  <updated>{london(entries[0].last)}</updated>")
    lines += ["  <author>", "    <name>HM Government</name>", "  </author>"]
    for entry in entries:
        page = govuk_path(entry)
        lines += [
            "  <entry>",
            f"    <id>tag:www.gov.uk,2005:{page}</id>",
            f"    <updated>{london(entry.last)}</updated>",
            f'    <link rel="alternate" type="text/html" href="{base}{page}"/>',
            f"    <title>{escape(title_of(entry), quote=False)}</title>",
            f'    <summary type="html">{escape(entry.summary, quote=False)}</summary>',
            "  </entry>",
        ]
    return "\n".join([*lines, "</feed>", ""])


def govuk_organisation(base: str, path: str, entries: Sequence[Entry]) -> str:
    """GOV.UK's feed of one organisation: the id changes with each edit, the type stands before the title."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<feed xml:lang="en-GB" xmlns="http://www.w3.org/2005/Atom">',
        f"  <id>{base}{path.removesuffix('.atom')}</id>",
        f'  <link rel="alternate" type="text/html" href="{base}{path.removesuffix(".atom")}"/>',
        f'  <link rel="self" type="application/atom+xml" href="{base}{path}"/>',
        "  <title>Department for Science, Innovation and Technology - Activity on GOV.UK</title>",
    ]
    if entries:
        lines.append(f"  <updated>{utc(entries[0].last)}</updated>")
    for entry in entries:
        url = base + govuk_path(entry)
        kind = escape(entry.kind)
        lines += [
            "  <entry>",
            f"    <id>{url}#{utc(entry.last)}</id>",
            f"    <updated>{utc(entry.last)}</updated>",
            f'    <link rel="alternate" type="text/html" href="{url}"/>',
            f"    <title>{kind}: {escape(title_of(entry), quote=False)}</title>",
            f'    <category label="{kind}" term="{kind}"/>',
            f"    <summary>{escape(entry.summary, quote=False)}</summary>",
            "  </entry>",
        ]
    return "\n".join([*lines, "</feed>", ""])


def ukri_opportunities(base: str, path: str, entries: Sequence[Entry]) -> str:
    """An RSS of WordPress: a guid that is no link, and a description; money and dates are on the page."""
    built = f"  <lastBuildDate>{rfc822(max(e.last for e in entries))}</lastBuildDate>" if entries else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"',
        '  xmlns:content="http://purl.org/rss/1.0/modules/content/"',
        '  xmlns:dc="http://purl.org/dc/elements/1.1/"',
        '  xmlns:atom="http://www.w3.org/2005/Atom"',
        '  xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">',
        "<channel>",
        "  <title>Opportunity Archive - UKRI</title>",
        f'  <atom:link href="{base}{path}" rel="self" type="application/rss+xml" />',
        f"  <link>{base}/opportunity/</link>",
        "  <description></description>",
        built,
        "  <language>en-GB</language>",
        "  <sy:updatePeriod>hourly</sy:updatePeriod>",
        "  <sy:updateFrequency>1</sy:updateFrequency>",
    ]
    for entry in entries:
        lines += [
            "  <item>",
            f"    <title>{escape(entry.title, quote=False)}</title>",
            f"    <link>{base}{ukri_path(entry)}</link>",
            f"    <dc:creator><![CDATA[{entry.author or 'UKRI'}]]></dc:creator>",
            f"    <pubDate>{rfc822(entry.first)}</pubDate>",
            f'    <guid isPermaLink="false">{base}/?post_type=opportunity&#038;p={number_of(entry)}</guid>',
            f"    <description><![CDATA[<p>{escape(entry.summary, quote=False)}</p>]]></description>",
            "  </item>",
        ]
    return "\n".join(line for line in [*lines, "</channel>", "</rss>", ""] if line)


def pib(base: str, path: str, entries: Sequence[Entry]) -> str:
    """India's Press Information Bureau: title and link, and nothing else at all."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<rss version="2.0">',
        "  <channel>",
        "    <title>Press Information Bureau</title>",
        f"    <link>{base}/</link>",
        "    <description>Press releases of the Government of India</description>",
    ]
    for entry in entries:
        title = escape(entry.title, quote=False)
        lines += ["    <item>", f"      <title>{title}</title>"]
        lines += [f"      <link>{base}{escape(pib_path(entry))}</link>", "    </item>"]
    return "\n".join([*lines, "  </channel>", "</rss>", ""])


def grants_gov(base: str, path: str, entries: Sequence[Entry]) -> str:
    """grants.gov as its RSS used to be: the number in the title, a table escaped in the description."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<rss version="2.0">',
        "  <channel>",
        "    <title>New Opportunities by Agency</title>",
        f"    <link>{base}/</link>",
        "    <description>Funding opportunities posted by federal agencies</description>",
        "    <language>en-us</language>",
    ]
    for entry in entries:
        table = "".join(
            f"<tr><td><b>{escape(name)}:</b></td><td>{escape(value)}</td></tr>"
            for name, value in entry.details.items()
        )
        described = escape(f"<table>{table}</table><p>{escape(entry.summary)}</p>", quote=False)
        url = base + grants_path(entry)
        number = entry.details.get("Funding Opportunity Number", entry.slug)
        lines += [
            "    <item>",
            f"      <title>{escape(f'{number}: {entry.title}', quote=False)}</title>",
            f"      <link>{url}</link>",
            f"      <description>{described}</description>",
            f"      <pubDate>{rfc822(entry.first)}</pubDate>",
            f'      <guid isPermaLink="true">{url}</guid>',
            "    </item>",
        ]
    return "\n".join([*lines, "  </channel>", "</rss>", ""])


def ukri_path(entry: Entry) -> str:
    return f"/opportunity/{entry.slug}/"


def pib_path(entry: Entry) -> str:
    return f"/PressReleasePage.aspx?PRID={entry.slug}"


def grants_path(entry: Entry) -> str:
    return f"/search-results-detail/{entry.slug}"


def title_of(entry: Entry) -> str:
    """The title, with the mark that GOV.UK puts before it when the page is withdrawn."""
    return f"[Withdrawn] {entry.title}" if entry.withdrawn else entry.title


def number_of(entry: Entry) -> int:
    """A post's number, which stays when its text is edited."""
    return 40000 + sum(place * ord(letter) for place, letter in enumerate(entry.slug, 1)) % 90000


def rfc822(when: datetime) -> str:
    return format_datetime(when.astimezone(UTC))


def utc(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def london(when: datetime) -> str:
    """RFC 3339 with London's offset, reckoned here so that no time zone database is needed."""
    when = when.astimezone(UTC)
    starts, ends = (_last_sunday(when.year, month) for month in (3, 10))
    offset = timedelta(hours=1 if starts <= when < ends else 0)
    return when.astimezone(timezone(offset)).isoformat(timespec="seconds")


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
