"""`communique sources add`: the feed behind an address, shown before it is written, as a process."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from feed import source
from tests.installation import ROOT, Installation, call, rss, visit
from tests.test_pages import INITIATIVE
from tests.world.government import Government
from tests.world.web import HTML

PAGE = "<!doctype html><html><head><title>Ministry</title>{}</head><body><h1>Ministry</h1>{}</body></html>"
LINK = '<link rel="alternate" type="application/rss+xml" title="{}" href="{}">'


@pytest.fixture
def feed(government: Government) -> str:
    """A feed with an initiative, a call and a visit."""
    return government.serve("/news.rss", rss(INITIATIVE, call(1), visit(1)))


def page(government: Government, *links: str, body: str = "", path: str = "/ministry") -> str:
    return government.serve(path, PAGE.format("".join(links), body).encode(), HTML)


def catalogue(here: Installation) -> str:
    return (here.folder / "sources.toml").read_text(encoding="utf-8")


def added(here: Installation) -> list[str]:
    return [item.url for item in source.load(here.settings.sources).values()]


def asked(government: Government) -> list[str]:
    return [request.path for request in government.requests]


def fails(done: subprocess.CompletedProcess[str], words: str, code: int = 1) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr


def test_a_feed_is_shown_and_added_on_a_yes(here: Installation, government: Government, feed: str) -> None:
    (here.folder / "sources.toml").write_text("# ours\n", encoding="utf-8")
    done = here.run("sources", "add", feed, "--country", "gb", "--id", "my-news", stdin="y\n")
    assert done.returncode == 0, done.stderr
    block = (
        f'[[source]]\nid = "my-news"\nname = "News"\nurl = "{feed}"\ncountry = "GB"\nbody = "News"\n'
    )  # fmt: skip
    for words in (
        "feed: News\n",
        "entries: 3\n",
        "would record 3 announcements, 1 initiative, 1 call, as backfill",
        "initiative: UK and India launch Technology Security Initiative",
        "call: Funding call 1: quantum networks",
        block,
        "Add it? [y/N]",
        f"added my-news to {here.settings.sources}",
    ):
        assert words in done.stdout
    assert catalogue(here) == f"# ours\n\n{block}"
    assert here.events() == []
    polled = json.loads(here.run("poll", "--json").stdout.splitlines()[-1])
    assert (polled["fetched"], polled["announcements"], polled["events"]) == (1, 3, 5)


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "what\nno\n"])
def test_without_a_yes_nothing_is_written(here: Installation, feed: str, answer: str) -> None:
    done = here.run("sources", "add", feed, "--country", "GB", stdin=answer)
    fails(done, "Error: nothing was added\n")
    assert "call: Funding call 1" in done.stdout
    assert catalogue(here) == ""


def test_what_is_shown_is_what_the_first_poll_records(here: Installation, feed: str) -> None:
    done = here.run("sources", "add", feed, "--country", "GB", "--yes", "--json")
    shown = json.loads(done.stdout)
    here.run("poll")
    assert shown["announcements"] == len(here.events("AnnouncementPublished"))
    assert shown["calls"] == [event.payload["title"] for event in here.events("CallAnnounced")]
    assert shown["initiatives"] == [event.payload["title"] for event in here.events("InitiativeAnnounced")]
    assert all(event.payload["backfill"] for event in here.events())
    assert (shown["added"], shown["url"], shown["seen"]) == (True, feed, 3)


def test_json_is_one_object_and_questions_go_elsewhere(here: Installation, feed: str) -> None:
    done = here.run("sources", "add", feed, "--country", "GB", "--json", stdin="n\n")
    assert done.returncode == 1
    assert json.loads(done.stdout)["added"] is False
    assert "Add it?" in done.stderr


def test_the_feed_of_a_page_is_found(here: Installation, government: Government, feed: str) -> None:
    home = page(government, LINK.format("News", "/news.rss"))
    done = here.run("sources", "add", home, "--country", "GB", "--yes")
    assert done.returncode == 0, done.stderr
    assert added(here) == [feed]
    assert asked(government) == ["/ministry", "/robots.txt", "/news.rss"]


def test_of_several_feeds_one_has_to_be_chosen(here: Installation, government: Government, feed: str) -> None:
    home = page(
        government, LINK.format("Speeches \x1b[31m", "/speeches.rss"), LINK.format("News", "/news.rss")
    )
    done = here.run("sources", "add", home, "--country", "GB", "--yes", stdin="2\n")
    fails(done, "choose one of the 2 feeds with --choose N; nothing was added")
    assert f"  2  News  {feed}\n" in done.stderr and "Speeches [31m" in done.stderr
    assert added(here) == []
    fails(here.run("sources", "add", home, "--choose", "3", "--yes"), "there are 2 feeds", code=2)
    chosen = here.run("sources", "add", home, "--country", "GB", "--choose", "2", "--yes")
    assert chosen.returncode == 0, chosen.stderr
    assert added(here) == [feed]


def at_a_terminal(here: Installation, *arguments: str, answers: str) -> tuple[int, str]:
    """Run the command with a terminal for its standard input; exit status and all that it said."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [str(Path(sys.executable).parent / "communique"), *arguments],
            env=here.environment,
            cwd=here.folder,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            os.write(ours, answers.encode())
            told, _ = process.communicate(timeout=60)
            return process.returncode, told
    finally:
        os.close(ours)
        os.close(theirs)


def test_at_a_terminal_feed_and_country_are_asked_for(
    here: Installation, government: Government, feed: str
) -> None:
    home = page(government, LINK.format("Speeches", "/speeches.rss"), LINK.format("News", "/news.rss"))
    status, told = at_a_terminal(here, "sources", "add", home, answers="2\nfr\ny\n")
    assert status == 0, told
    assert "Which one?" in told and "The publisher's country" in told
    (item,) = source.load(here.settings.sources).values()
    assert (item.url, item.country) == (feed, "FR")


def test_a_country_that_cannot_be_told_has_to_be_named(here: Installation, feed: str) -> None:
    fails(here.run("sources", "add", feed, "--yes"), "name it with --country", code=2)
    fails(here.run("sources", "add", feed, "--yes", "--country", "UK"), "'UK' is no ISO 3166-1", code=2)
    assert catalogue(here) == ""


def test_links_that_look_like_feeds_are_tried_where_none_is_declared(
    here: Installation, government: Government, feed: str
) -> None:
    links = '<a href="/about">About</a><a href="/feed/">Old feed</a><a href="/news.rss">RSS</a>'
    done = here.run("sources", "add", page(government, body=links), "--country", "GB", "--yes")
    assert done.returncode == 0, done.stderr
    assert added(here) == [feed]
    assert "/about" not in asked(government)


@pytest.mark.parametrize(
    "path", ["/ministry/feed/", "/feed/", "/rss.xml", "/atom.xml"]
)  # fmt: skip
def test_the_usual_places_are_tried_last(here: Installation, government: Government, path: str) -> None:
    url = government.serve(path, rss(call(1)))
    done = here.run("sources", "add", page(government), "--country", "GB", "--yes")
    assert done.returncode == 0, done.stderr
    assert added(here) == [url]


def test_where_no_feed_is_that_is_said(here: Installation, government: Government) -> None:
    done = here.run("sources", "add", page(government), "--country", "GB", "--yes")
    fails(done, "no feed was found: the page declares none, and none of the 4 likely addresses is one")
    assert len(done.stderr.splitlines()) == 1
    assert len(asked(government)) == 6  # the page, robots.txt, the usual places


def test_a_declared_feed_that_cannot_be_read_is_told_with_the_reason(
    here: Installation, government: Government
) -> None:
    home = page(government, LINK.format("News", "/gone"))
    done = here.run("sources", "add", home, "--country", "GB", "--yes")
    fails(done, f"the page declares the feed {government.url}/gone, but: the server answered 404 Not Found")


WALL = b"<!doctype html><html><head><title>Just a moment...</title></head><body>cf-chl</body></html>"


@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_bot_wall_is_named(here: Installation, government: Government, status: int) -> None:
    url = government.serve("/", WALL, HTML, status=status)
    done = here.run("sources", "add", url, "--country", "GB", "--yes")
    fails(done, "a bot wall (Cloudflare) answers instead of the feed")
    assert set(asked(government)) <= {"/", "/robots.txt"}


def test_a_page_with_a_wall_makers_script_is_a_page_still(
    here: Installation, government: Government, feed: str
) -> None:
    home = page(government, LINK.format("", "/news.rss"), '<script src="/cdn-cgi/challenge-x.js"></script>')
    assert here.run("sources", "add", home, "--country", "GB", "--yes").returncode == 0
    assert added(here) == [feed]


def test_robots_txt_closes_pages_but_not_feeds(here: Installation, government: Government, feed: str) -> None:
    government.serve("/robots.txt", b"User-agent: communique\nDisallow: /", "text/plain")
    home = page(government, LINK.format("News", "/news.rss"))
    done = here.run("sources", "add", home, "--country", "GB", "--yes")
    fails(done, "the robots.txt of 127.0.0.1 asks programs not to read this page: name the feed itself")
    assert asked(government) == ["/ministry", "/robots.txt"]
    assert here.run("sources", "add", feed, "--country", "GB", "--yes").returncode == 0
    assert added(here) == [feed]


def test_a_page_may_declare_a_feed_that_is_closed_to_crawlers(
    here: Installation, government: Government, feed: str
) -> None:
    government.serve("/robots.txt", b"User-agent: *\nDisallow: /news.rss", "text/plain")
    home = page(government, LINK.format("News", "/news.rss"))
    assert here.run("sources", "add", home, "--country", "GB", "--yes").returncode == 0
    guessed = page(government, body='<a href="/news.rss">RSS</a>', path="/other")
    fails(here.run("sources", "add", guessed, "--country", "GB", "--yes"), "(1 of them closed to programs by")


def test_a_site_that_cannot_answer_for_its_robots_txt_is_not_read(
    here: Installation, government: Government, feed: str
) -> None:
    government.serve("/robots.txt", status=503)
    home = page(government, LINK.format("News", "/news.rss"))
    fails(here.run("sources", "add", home, "--country", "GB", "--yes"), "robots.txt")


def test_what_is_there_already_is_not_added_again(
    here: Installation, government: Government, feed: str
) -> None:
    here.watch("mine", feed)
    before = catalogue(here)
    fails(
        here.run("sources", "add", feed + "#top", "--yes"), f"{feed} is in the catalogue already, as 'mine'"
    )
    assert asked(government) == []
    home = page(government, LINK.format("News", "/news.rss"))
    fails(here.run("sources", "add", home, "--yes"), "is in the catalogue already, as 'mine'")
    other = government.serve("/other", rss(call(2)))
    arguments = ("sources", "add", other, "--id", "mine", "--country", "GB", "--yes")
    fails(here.run(*arguments), "the id 'mine' is in the catalogue already")
    assert catalogue(here) == before


def test_an_id_that_was_used_once_is_not_guessed_again(here: Installation, government: Government) -> None:
    here.watch("127-0-0-1-news", government.serve("/old", rss(call(1))))
    here.run("poll")
    (here.folder / "sources.toml").write_text("", encoding="utf-8")
    here.run("sources", "add", government.serve("/new", rss(call(2))), "--country", "GB", "--yes")
    assert list(source.load(here.settings.sources)) == ["127-0-0-1-news-2"]


def test_without_a_catalogue_of_ones_own_it_is_an_addition_to_the_built_in_one(
    here: Installation, feed: str
) -> None:
    file = here.folder / "sources.toml"
    file.unlink()
    done = here.run("sources", "add", feed, "--country", "GB", "--id", "mine", "--yes", COMMUNIQUE_SOURCES="")
    assert done.returncode == 0, done.stderr
    assert [item["id"] for item in tomllib.loads(file.read_text())["source"]] == ["mine"]
    listed = here.run("sources", "list", COMMUNIQUE_SOURCES="").stdout
    assert len(listed.splitlines()) == len(source.load()) + 1
    taken = here.run(
        "sources", "add", feed + "?x", "--country", "GB", "--id", "fcdo-news", "--yes", COMMUNIQUE_SOURCES=""
    )
    fails(taken, "the id 'fcdo-news' is in the catalogue already")


def test_a_catalogue_that_is_not_there_yet_is_made(here: Installation, feed: str) -> None:
    there = str(here.folder / "new" / "sources.toml")
    done = here.run("sources", "add", feed, "--country", "GB", "--yes", COMMUNIQUE_SOURCES=there)
    assert done.returncode == 0, done.stderr
    assert [item.url for item in source.load(there).values()] == [feed]


def test_a_feed_that_has_moved_for_good_is_added_where_it_is_now(
    here: Installation, government: Government, feed: str
) -> None:
    government.serve("/moved", status=301, headers={"Location": "/news.rss"})
    government.serve("/elsewhere", status=302, headers={"Location": "/news.rss"})
    here.run("sources", "add", government.url + "/moved", "--country", "GB", "--yes")
    assert added(here) == [feed]
    here.run("sources", "add", government.url + "/elsewhere", "--country", "GB", "--yes")
    assert added(here) == [feed, government.url + "/elsewhere"]


def test_hostile_words_of_a_feed_do_no_harm(here: Installation, government: Government) -> None:
    title = 'A "name"\\\n[[source]] \x7f\u202e x = 1'
    hostile = rss(call(1)).replace(b"<title>News</title>", f"<title><![CDATA[{title}]]></title>".encode())
    url = government.serve("/feed", hostile)
    done = here.run("sources", "add", url, "--country", "GB", "--yes")
    assert done.returncode == 0, done.stderr
    (item,) = source.load(here.settings.sources).values()
    assert item.name == 'A "name"\\ [[source]] x = 1'
    assert "\u202e" not in done.stdout


@pytest.mark.parametrize("url", ["ftp://gov.example/feed", "file:///etc/passwd", "https://", "https://[::1"])
def test_what_is_no_web_address_is_bad_usage(here: Installation, url: str) -> None:
    fails(here.run("sources", "add", url), "no http or https address", code=2)


def test_a_password_is_kept_for_polling_and_told_to_nobody_else(
    here: Installation, government: Government, feed: str
) -> None:
    address = feed.replace("://", "://me:hunter2@")
    done = here.run("sources", "add", address, "--country", "GB", "--id", "mine", "--yes", "--json")
    assert done.returncode == 0 and "hunter2" not in done.stdout
    assert added(here) == [address]
    here.run("poll")
    assert government.requests[-1].headers["authorization"] == "Basic bWU6aHVudGVyMg=="
    told = here.run("sources", "list", "--json").stdout + here.run("sources", "export").stdout
    assert feed in told and "hunter2" not in told
    for path in ("/sources", "/sources.opml", "/events.ndjson"):
        page = here.browser().get(path).text
        assert "127.0.0.1" in page or path == "/events.ndjson"
        assert "hunter2" not in page
    for file in here.folder.glob("log.db*"):
        assert b"hunter2" not in file.read_bytes()
    fails(here.run("sources", "add", "https://me:hunter2@[::1"), "is no http or https address", code=2)
    failed = here.run("sources", "add", government.url.replace("://", "://me:hunter2@") + "/x", "--yes")
    fails(failed, f"{government.url}/x: the server answered 404 Not Found")
    assert "hunter2" not in failed.stderr


@pytest.mark.parametrize("option", [("--id", "Not An Id"), ("--kind", "carrier-pigeon")])
def test_a_wrong_option_is_bad_usage(here: Installation, feed: str, option: tuple[str, str]) -> None:
    fails(here.run("sources", "add", feed, "--country", "GB", "--yes", *option), "Error: ", code=2)
    assert catalogue(here) == ""


def test_a_private_address_behind_a_page_is_refused(here: Installation, government: Government) -> None:
    done = here.run("sources", "add", government.url, "--yes", COMMUNIQUE_ALLOW_PRIVATE_NETWORKS="0")
    fails(done, "leads to the private address 127.0.0.1")
    assert asked(government) == []


def test_a_page_leads_to_no_other_port(here: Installation, government: Government) -> None:
    with Government(empty=True) as other:
        url = other.serve("/feed", rss(call(1)))
        done = here.run("sources", "add", page(government, LINK.format("", url)), "--country", "GB", "--yes")
        fails(done, f"leads to port {other.port} of 127.0.0.1")
        assert other.requests == []


def test_a_source_without_a_feed_is_read_as_its_kind_says(here: Installation, government: Government) -> None:
    answer = (ROOT / "tests" / "answers" / "grants_gov.json").read_bytes()
    url = government.serve("/search2", answer, "application/json")
    arguments = ("sources", "add", f"{url}?keyword=quantum|optics", "--kind", "grants-gov", "--country", "US")
    done = here.run(*arguments, "--id", "grants", "--yes")
    assert done.returncode == 0, done.stderr
    (item,) = source.load(here.settings.sources).values()
    assert (item.kind, item.url, item.body) == ("grants-gov", f"{url}?keyword=quantum%7Coptics", "Grants.gov")
    assert json.loads(here.run("poll", "--json").stdout.splitlines()[-1])["announcements"] > 0


def test_a_feed_in_the_shape_of_gov_uk_is_shown_with_its_body_and_newest_date(here: Installation) -> None:
    with Government() as full:
        url = full.feed_url("dsit-organisation")
        done = here.run("sources", "add", url, "--country", "GB", "--yes", "--json")
        entries = full.entries("dsit-organisation")
    shown = json.loads(done.stdout)
    assert shown["body"] == "Department for Science, Innovation and Technology"
    newest = max(entry.published for entry in entries if entry.published)
    assert (datetime.fromisoformat(shown["newest"]), shown["seen"]) == (newest, len(entries))
