"""A password in a source's address goes to that source's server and nowhere else."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from feed.decide import Decision
from feed.links import public
from feed.settings import SettingsError
from feed.source import Source, load
from feed.standing import transition
from storage import cursors
from storage.events import SourceMoved
from tests.installation import Installation, call, rss
from tests.world.government import Government

SECRET = "hunter2"


@pytest.fixture
def guarded(here: Installation, government: Government) -> Installation:
    """An installation that watches a feed with a user and a password."""
    url = government.serve("/feed", rss(call(1))).replace("//", f"//reader:{SECRET}@")
    here.watch("dsit", url)
    return here


def everything_shown(here: Installation) -> str:
    """All that the installation lets anybody see, and the files that may be handed to anybody."""
    browser = here.browser()
    shown = [browser.get(path).text for path in ("/", "/sources", "/events", "/events.ndjson", "/feed.atom")]
    for arguments in (["sources"], ["sources", "list", "--json"], ["log", "--json"], ["sources", "check"]):
        done = here.run(*arguments)
        assert done.returncode == 0, done.stderr
        shown.append(done.stdout + done.stderr)
    shown += [path.read_bytes().decode("latin-1") for path in here.folder.glob("log.db*")]
    return "\n".join(shown)


def test_a_source_in_the_catalogue_may_have_a_password(guarded: Installation, government: Government) -> None:
    assert load(guarded.settings.sources)["dsit"].url.startswith(f"http://reader:{SECRET}@")
    guarded.poll()
    sent = government.requests[-1].headers["authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")) == f"reader:{SECRET}".encode()
    assert guarded.cursor("dsit").health == "ok"


def test_a_password_is_shown_nowhere_and_is_in_no_file_for_others(
    guarded: Installation, government: Government
) -> None:
    guarded.poll()
    assert SECRET not in everything_shown(guarded)
    government.serve("/feed", status=503)
    guarded.poll()
    assert SECRET not in everything_shown(guarded)


def test_a_source_with_a_password_is_polled_where_the_operator_says(
    guarded: Installation, government: Government
) -> None:
    """Its new place would be asked without the password."""
    government.serve("/new-place", rss(call(1)))
    government.serve("/feed", status=301, headers={"Location": "/new-place"})
    for _ in range(5):
        guarded.poll()
    assert guarded.events("SourceMoved", "SourceFailing") == []
    assert guarded.cursor("dsit").adopted is None
    assert SECRET not in everything_shown(guarded)


def test_a_new_password_is_no_new_address(guarded: Installation, government: Government) -> None:
    guarded.poll()
    guarded.watch("dsit", guarded.sources["dsit"].url.replace(SECRET, "another"))
    guarded.poll()
    assert len(guarded.events("AnnouncementPublished")) == 1
    assert guarded.cursor("dsit").last_success is not None


def test_no_password_comes_into_the_log_with_an_address() -> None:
    before = cursors.blank("dsit", "DSIT", f"https://reader:{SECRET}@gov.example/feed")
    after = replace(before, adopted=f"https://reader:{SECRET}@gov.example/new")
    (moved,) = transition(before, after, Decision())
    assert isinstance(moved, SourceMoved)
    assert (moved.url, moved.before) == ("https://gov.example/new", "https://gov.example/feed")


def test_a_mistaken_address_is_named_without_its_password(guarded: Installation) -> None:
    url = guarded.sources["dsit"].url
    for wrong in (
        url.replace("http", "ftp"),
        url.replace("127", "[127"),
        url.replace(":hunter2@", ":h@nter2@x "),
    ):
        guarded.watch("dsit", wrong)
        with pytest.raises(SettingsError, match="no http or https address") as error:
            load(guarded.settings.sources)
        assert "reader" not in str(error.value) and "nter2" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@gov.example/a?b@c", "https://gov.example/a?b@c"),
        ("https://user:p@ss@gov.example:8443/", "https://gov.example:8443/"),
        ("https://gov.example/@handle", "https://gov.example/@handle"),
        ("https://user:pass@[broken/", ""),
    ],
)
def test_the_public_form_of_an_address_has_no_password(url: str, shown: str) -> None:
    assert public(url) == shown
    assert Source("a", "A", url, "GB", "A").public_url == shown
