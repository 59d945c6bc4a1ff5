"""What is no revision: clocks, counters, tracking parameters, looks; and what is one all the same."""

from __future__ import annotations

import pytest

from feed.links import canonical
from feed.noise import essence, same
from tests.installation import Installation, rss, visit
from tests.world.government import Government

WORDS = "Apply for funding by 5 May 2027. Up to £7 million is available."
PLACES = ("{}", f"{WORDS}\n{{}}", f"{{}}\n{WORDS}", f"{WORDS} {{}}", f"{{}}. {WORDS}")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Last updated: 3 minutes ago", "Last updated: 5 minutes ago"),
        ("Page last updated 12 March 2026, 10:04", "Page last updated 13 March 2026, 11:04"),
        ("Page last updated 12 March 2026, 10:04", "Page last updated 3 minutes ago"),
        ("Page last updated: Thursday 12 March 2026", "Page last updated: Friday 13 March 2026"),
        ("This page was last updated on 12 March 2026 at 10:04am", "This page was last updated yesterday"),
        ("Last modified: 2026-03-12T10:04:00Z", "Last modified: 2026-03-13T11:04:00Z"),
        ("Last Updated On: 12/03/2026", "Last Updated On: 13/03/2026"),
        ("Last reviewed March 12, 2026", "Last reviewed March 13, 2026"),
        ("最終更新日：2026年3月12日", "最終更新日：2026年3月13日"),
        ("Dernière mise à jour le 12 mars 2026", "Dernière mise à jour le 13 mars 2026"),
        ("Updated 3 hours ago", "Updated yesterday"),
        ("Posted 2 hours ago | 5 comments", "Posted 3 hours ago | 6 comments"),
        ("As of 10:04", "As of 11:05"),
        ("As of 10:04 GMT", "As of 10:30 GMT"),
        ("As of 10:04 on 12 March 2026", "As of 10:09 on 13 March 2026"),
        ("Today is Thursday, 12 March 2026", "Today is Friday, 13 March 2026"),
        ("3 days left", "2 days left"),
        ("Page generated in 0.123 seconds", "Page generated in 0.2 seconds"),
        ("© 2025 Crown", "© 2026 Crown"),
        ("1,234 views", "1,301 views"),
        ("Views: 1.2K", "Views: 1.3K"),
        ("Views 1,234", "Views 1,250"),
        ("Visitor count: 12345", "Visitor count: 12399"),
        ("(Visitor Counter : 1234)", "(Visitor Counter : 1301)"),
        ("Number of views: 12", "Number of views: 13"),
        ("Viewed 12 times", "Viewed 13 times"),
        ("12 comments", "15 comments"),
        ("Comments (12)", "Comments (13)"),
        ("It was seen by many. 1,234 views", "It was seen by many. 1,240 views"),
        ("see https://gov.example/a?utm_source=x&id=3", "see https://gov.example/a?utm_source=y&id=3"),
        ("Days left: 40", "Days left: 39"),
        ("Closes in 40 days", "Closes in 39 days"),
        ("This call closes in 40 days", "This call closes in 39 days"),
        ("Closing in: 1 day 4 hours", "Closing in: 23 hours"),
        ("Time remaining: 3 days 4 hours", "Time remaining: 3 days 2 hours"),
        ("40 days remaining", "39 days remaining"),
        ("Shared 12 times", "Shared 13 times"),
        ("Number of views: 12 | Comments: 3", "Number of views: 12 | Comments: 4"),
        ("Date last updated: 5 March 2026", "Date last updated: 6 March 2026"),
        (
            "see https://gov.example/a;jsessionid=0A1B.w1?id=3",
            "see https://gov.example/a;jsessionid=7C.w2?id=3",
        ),
        ("see https://gov.example/a;jsessionid=0A1B", "see https://gov.example/a;jsessionid=7C2D"),
        ("https://gov.example/a?sid=a1&PHPSESSID=b&id=3", "https://gov.example/a?sid=c2&PHPSESSID=d&id=3"),
        ("see https://gov.example/a?sessionid=b&amp;id=3", "see https://gov.example/a?id=3"),
        ("see https://gov.example/a?fbclid=1", "see https://gov.example/a"),
        ("‘quoted’ – “dash” and so on…", "'quoted' - \"dash\"  and so on..."),
        ("a quan\u00adtum computer\u200b", "a quantum\u00a0computer"),
    ],
)
def test_noise_is_no_revision(place: str, before: str, after: str) -> None:
    assert same(place.format(before), place.format(after))
    assert essence(place.format(before)) == essence(place.format(after))


@pytest.mark.parametrize("place", PLACES[:2])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("by 5 May 2027", "by 12 May 2027"),
        ("£7 million", "£8 million"),
        ("Grants of £1,234", "Grants of £1,235"),
        ("12 awards", "13 awards"),
        ("Closing date: 12 March 2026", "Closing date: 13 March 2026"),
        ("Updated closing date: 12 March 2026", "Updated closing date: 19 March 2026"),
        ("Deadline updated to 12 March 2026", "Deadline updated to 19 March 2026"),
        ("Deadline changed: 12 May 2027 at 4pm", "Deadline changed: 19 May 2027 at 4pm"),
        ("The deadline was last changed to 12 May 2027", "The deadline was last changed to 19 May 2027"),
        (
            "The closing date has been revised. Revised 12 May 2027 16:00",
            "The closing date has been revised. Revised 19 May 2027 16:00",
        ),
        ("Last updated deadline: 5 May 2027", "Last updated deadline: 6 May 2027"),
        ("Page content updated: the deadline is 5 May", "Page content updated: the deadline is 6 May"),
        ("The deadline is 10:04", "The deadline is 11:04"),
        ("Deadline: 4pm today", "Deadline: 5pm today"),
        ("Deadline last changed: 5 January 2027", "Deadline last changed: 25 January 2027"),
        ("Closing date (last changed 5 January 2027)", "Closing date (last changed 25 January 2027)"),
        ("Due date last updated: 5 January 2027", "Due date last updated: 25 January 2027"),
        ("The call closes in 4 weeks", "The call closes in 5 weeks"),
        ("The first round closes in 40 days", "The first round closes in 50 days"),
        ("Closes in 40 days from the award", "Closes in 50 days from the award"),
        ("Projects last 40 days", "Projects last 50 days"),
        ("Time: 3 days 4 hours", "Time: 3 days 2 hours"),
        ("Comments: 5 May 2027", "Comments: 6 May 2027"),
        ("Shared by 12 partners", "Shared by 13 partners"),
        ("https://gov.example/a?sid=3", "https://gov.example/a?sid=4"),
        ("https://gov.example/a?side=a1", "https://gov.example/a?side=a2"),
        ("Published on 12 March 2026", "Published on 12 April 2026"),
        ("Accepted as of 10:00 on 5 May 2027", "Accepted as of 10:00 on 6 May 2027"),
        ("As of 10:00 on 5 May 2027 you can apply", "As of 10:00 on 6 May 2027 you can apply"),
        ("As of 1 April 2027 grants rise", "As of 1 May 2027 grants rise"),
        ("Applications close in 3 weeks", "Applications close in 4 weeks"),
        ("The page limit is 12 pages", "The page limit is 14 pages"),
        ("The fund supports 12 visits.", "The fund supports 13 visits."),
        ("40 visits, 20 workshops", "50 visits, 20 workshops"),
        ("https://gov.example/a?id=3", "https://gov.example/a?id=4"),
        ("It is open.", "It is closed."),
    ],
)
def test_a_fact_is_no_noise(place: str, before: str, after: str) -> None:
    assert not same(place.format(before), place.format(after))


@pytest.mark.parametrize(
    "text",
    [
        *("1 " * 50_000, "a" * 100_000, "updated " * 12_000, "12 " * 30_000 + "views", "1," * 50_000),
        *("https://a.example/?" + "b" * 99_000, "last updated at on at " * 5_000, "3 days ago " * 9_000),
        *(
            "12 March 2026, " * 6_000,
            "as of 10:04 " * 8_000,
            "closes in 3 days " * 6_000,
            ";jsessionid=a" * 8_000,
            "https://a.example/?" + "sid=a&" * 16_000,
            "time left: 3 " * 8_000,
            "İ" * 20_000 + " 3 days ago",
        ),
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_is_read_to_its_end(text: str) -> None:
    """A pattern that goes wrong would never come back."""
    assert len(essence(text)) <= len(text)


def test_the_id_of_a_link_does_not_change_with_what_is_noise_in_a_text() -> None:
    assert canonical("https://gov.example/a?sid=a1&id=3") == "https://gov.example/a?sid=a1&id=3"


def test_tracking_parameters_of_the_link_itself_make_no_other_page() -> None:
    links = ("https://gov.example/a?id=3&mkt_tok=x", "https://gov.example/a?gbraid=1&id=3&utm_source=y")
    assert {canonical(link) for link in links} == {"https://gov.example/a?id=3"}


LONG = " ".join(f"Team {number} may bring a partner to the quantum network." for number in range(60))


@pytest.fixture
def dsit(here: Installation, government: Government) -> Installation:
    here.watch("dsit", government.serve("/feed", rss(visit(1), visit(2, description=f"{LONG} 1,234 views"))))
    here.poll()
    return here


def test_noise_in_an_entry_is_no_revision(dsit: Installation, government: Government) -> None:
    first = visit(1, description=f"{visit(1)['description']} Last updated: 3 minutes ago.")
    government.serve("/feed", rss(first, visit(2, description=f"{LONG} 1,301 views")))
    dsit.poll()
    assert dsit.events("AnnouncementRevised") == []
    with dsit.log_db.read() as tx:
        assert tx.execute("SELECT COUNT(*) AS n FROM texts").fetchone()["n"] == 1, "noise is not kept"
    government.serve("/feed", rss(first, visit(2, description=f"{LONG} It is cancelled. 1,302 views")))
    dsit.poll()
    (revised,) = dsit.events("AnnouncementRevised")
    assert revised.payload["changed"].keys() == {"text"}


def test_a_fingerprint_of_an_earlier_version_makes_nothing_look_revised(
    dsit: Installation, government: Government
) -> None:
    def fingerprints() -> set[str]:
        with dsit.log_db.read() as tx:
            return {row["fingerprint"] for row in tx.execute("SELECT fingerprint FROM sightings").fetchall()}

    now = fingerprints()
    with dsit.log_db.write() as tx:
        tx.execute("UPDATE sightings SET fingerprint = 'of another version ' || rowid")
    dated = {"pubDate": "Mon, 01 Jun 2026 10:00:00 GMT"}  # another document, which says the same
    government.serve("/feed", rss(visit(1, **dated), visit(2, description=f"{LONG} 1,234 views", **dated)))
    outcome = dsit.poll()["dsit"]
    assert outcome.events == () and fingerprints() == now
