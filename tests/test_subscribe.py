"""The subscriber's pages, as a person and as a mail program use them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from notifier import tokens as tokens_module
from storage import people
from storage.clock import now
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox

WISH = {"email": "anna@example.org", "kind": "call", "technology": "quantum", "cadence": "immediate"}


@pytest.fixture
def browser(here: Installation) -> Any:
    return here.browser()


def link_in(message: Any, part: str) -> str:
    """The path of the first link with this part in the text of a message."""
    body = message.get_body(("plain",)).get_content()
    found = re.search(rf"http://communique\.example(/{part}\S+)", body)
    assert found, body
    return found[1]


def subscriptions(here: Installation) -> list[people.Subscription]:
    with here.people_db.read() as tx:
        return people.everyone(tx)


def asked(here: Installation, browser: Any, mailbox: Mailbox, **changes: Any) -> str:
    """Ask for a subscription; the path of the link that came by mail."""
    assert browser.post("/subscribe", data={**WISH, **changes}).status_code == 200
    here.deliver()
    return link_in(mailbox.messages[-1], "subscriptions/confirm/")


def test_the_whole_way_in_and_out(
    here: Installation, browser: Any, mailbox: Mailbox, government: Government
) -> None:
    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    here.poll()
    answer = browser.post("/subscribe", data=WISH)
    assert answer.status_code == 200 and "look into your inbox" in answer.text
    here.deliver()
    confirm = link_in(mailbox.messages[0], "subscriptions/confirm/")
    assert "Yes, subscribe me" in browser.get(confirm).text
    assert "You are subscribed" in browser.post(confirm).text
    government.serve("/feed", rss(call(1), visit(1)))
    here.poll()
    here.deliver()
    assert mailbox.messages[1]["Subject"] == "New call: Funding call 1: quantum networks"
    leave = link_in(mailbox.messages[1], "unsubscribe/")
    assert "Unsubscribe?" in browser.get(leave).text
    assert "You are unsubscribed" in browser.post(leave).text
    government.serve("/feed", rss(call(2), call(1), visit(1)))
    here.poll()
    assert here.deliver() == (0, 0, 0)
    assert subscriptions(here) == []


def test_a_get_changes_nothing_however_often_scanners_follow_the_links(
    here: Installation, browser: Any, mailbox: Mailbox
) -> None:
    confirm = asked(here, browser, mailbox)
    for _ in range(3):
        assert browser.get(confirm).status_code == 200
        assert browser.head(confirm).status_code == 200
    assert subscriptions(here)[0].confirmed_at is None
    browser.post(confirm)
    manage = re.search(r'href="(/subscriptions/[^"]+)"', browser.post(confirm).text)
    assert manage
    leave = manage[1].replace("/subscriptions/", "/unsubscribe/")
    for path in (manage[1], leave):
        assert browser.get(path).status_code == 200
    assert len(subscriptions(here)) == 1


def test_one_click_unsubscribe_works_as_rfc_8058_says(
    here: Installation, browser: Any, mailbox: Mailbox, government: Government
) -> None:
    """A POST with the one form field, no cookie, no redirect; a second one does no harm."""
    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    here.poll()
    here.subscribe("anna@example.org")
    government.serve("/feed", rss(call(1), visit(1)))
    here.poll()
    here.deliver()
    url = mailbox.messages[0]["List-Unsubscribe"].strip("<>")
    for _ in range(2):
        answer = browser.post(
            url.removeprefix("http://communique.example"), data={"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert subscriptions(here) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "Please give your e-mail address."),
        ({"email": "anna"}, "is no e-mail address"),
        ({"email": "anna@example.org\r\nBcc: x@example.org"}, "is no e-mail address"),
        ({"email": "anna@example.org, bert@example.org"}, "is no e-mail address"),
        ({"technology": "blockchain"}, "&#39;blockchain&#39; is no technology"),
        ({"kind": "grant"}, "is no kind"),
        ({"country": "XX"}, "ISO 3166-1"),
        ({"cadence": "hourly"}, "is no cadence"),
        ({"colour": "red"}, "there is no filter &#39;colour&#39;"),
    ],
)
def test_a_mistake_in_the_form_is_said_in_one_line_and_loses_nothing(
    here: Installation, browser: Any, changes: dict[str, str], words: str
) -> None:
    answer = browser.post("/subscribe", data={**WISH, "q": "kept words", **changes})
    assert answer.status_code == 400
    assert words in answer.text
    assert 'value="kept words"' in answer.text
    assert subscriptions(here) == []


def test_the_form_comes_prefilled_from_the_address(browser: Any) -> None:
    page = browser.get("/subscribe?kind=call&technology=telecoms&partners=GB-IN").text
    for name, value in (("kind", "call"), ("technology", "telecoms")):
        assert re.search(rf'name="{name}" value="{value}" checked', page)
    assert 'value="GB-IN"' in page
    assert browser.get("/subscribe?technology=nonsense").status_code == 400


def test_a_second_subscription_of_the_same_address_is_told_to_that_address_alone(
    here: Installation, browser: Any, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.post(asked(here, browser, mailbox))
    monkeypatch.setattr("notifier.pages.ASK_AGAIN", timedelta(0))
    first = browser.post("/subscribe", data={**WISH, "email": "new@example.org"}).text
    again = browser.post("/subscribe", data={**WISH, "email": "Anna@Example.org"}).text
    assert first.replace("new@example.org", "") == again.replace("Anna@example.org", "")
    here.deliver()
    assert mailbox.to("anna@example.org")[-1]["Subject"] == "You are subscribed already"
    assert len([item for item in subscriptions(here) if item.email == "anna@example.org"]) == 1


def test_the_same_address_may_ask_for_something_else_too(
    here: Installation, browser: Any, mailbox: Mailbox
) -> None:
    browser.post(asked(here, browser, mailbox))
    browser.post(asked(here, browser, mailbox, technology="ai"))
    assert [item.filter for item in subscriptions(here)] == [
        "kind=call&technology=quantum",
        "kind=call&technology=ai",
    ]


def test_our_form_cannot_be_used_to_fill_an_inbox(here: Installation, browser: Any, mailbox: Mailbox) -> None:
    for _ in range(5):
        browser.post("/subscribe", data=WISH)
        here.deliver()
    assert len(mailbox.messages) == 1


def test_a_lost_confirmation_can_be_asked_for_again(
    here: Installation, browser: Any, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(here, browser, mailbox)
    later = now() + timedelta(minutes=2)
    monkeypatch.setattr("notifier.pages.now", lambda: later)
    monkeypatch.setattr("notifier.deliver.now", lambda: later)
    second = asked(here, browser, mailbox)
    assert len({message["Message-ID"] for message in mailbox.messages}) == 2
    assert "You are subscribed" in browser.post(second).text
    assert browser.post(first).status_code == 200


def test_a_stale_link_says_so_and_changes_nothing(
    here: Installation, browser: Any, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm = asked(here, browser, mailbox)
    monkeypatch.setattr(tokens_module, "CONFIRM_SECONDS", -1)
    for answer in (browser.get(confirm), browser.post(confirm)):
        assert answer.status_code == 410
        assert "good for seven days" in answer.text
    assert subscriptions(here)[0].confirmed_at is None


@pytest.mark.parametrize("path", ["/subscriptions/confirm/{}", "/subscriptions/{}", "/unsubscribe/{}"])
@pytest.mark.parametrize("token", ["forged", "InMi.x.y", "%00", "a" * 5000])
def test_a_forged_link_says_so(browser: Any, path: str, token: str) -> None:
    for answer in (browser.get(path.format(token)), browser.post(path.format(token))):
        assert answer.status_code == 400
        assert "not one of ours" in answer.text


def test_a_link_to_a_subscription_that_ended_says_so(
    here: Installation, browser: Any, mailbox: Mailbox
) -> None:
    confirm = asked(here, browser, mailbox)
    with here.people_db.write() as tx:
        people.erase(tx, "anna@example.org")
    assert browser.post(confirm).status_code == 410
    assert "has ended" in browser.get(confirm).text


def test_how_often_can_be_changed(here: Installation, browser: Any, mailbox: Mailbox) -> None:
    page = browser.post(asked(here, browser, mailbox)).text
    manage = re.search(r'href="(/subscriptions/[^"]+)"', page)
    assert manage
    assert "Saved" in browser.post(manage[1], data={"cadence": "weekly"}).text
    assert subscriptions(here)[0].cadence == "weekly"
    assert browser.post(manage[1], data={"cadence": "hourly"}).status_code == 400
    assert subscriptions(here)[0].cadence == "weekly"


def test_who_never_confirms_is_forgotten(here: Installation, browser: Any, mailbox: Mailbox) -> None:
    asked(here, browser, mailbox)
    with here.people_db.write() as tx:
        assert people.expire(tx, now() - timedelta(days=1)) == 0
        assert people.expire(tx, now() + timedelta(days=1)) == 1
        assert people.export(tx, "anna@example.org") is None


def test_pages_behind_a_token_are_kept_by_nobody(here: Installation, browser: Any, mailbox: Mailbox) -> None:
    answer = browser.get(asked(here, browser, mailbox))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_many_wishes_do_not_make_many_mails_to_one_address(
    here: Installation, browser: Any, mailbox: Mailbox
) -> None:
    for number in range(30):
        browser.post("/subscribe", data={**WISH, "q": f"word{number}"})
    here.deliver()
    assert len(mailbox.messages) == 5


@pytest.mark.parametrize(
    "address", ["=?utf-8?q?victim?=@evil.example", "=?utf-8?q?victim=40bank.example=2Cb?=@evil.example"]
)
def test_an_encoded_word_is_no_address(here: Installation, browser: Any, address: str) -> None:
    assert browser.post("/subscribe", data={**WISH, "email": address}).status_code == 400
    assert subscriptions(here) == []


def test_two_people_whose_addresses_look_alike_stay_two(here: Installation, browser: Any) -> None:
    for address in ("straße@example.org", "strasse@example.org"):
        browser.post("/subscribe", data={**WISH, "email": address})
    assert len({item.subscriber for item in subscriptions(here)}) == 2


def test_a_domain_in_another_script_is_mailed_in_the_form_every_server_takes(
    here: Installation, browser: Any, mailbox: Mailbox
) -> None:
    browser.post("/subscribe", data={**WISH, "email": "anna@bücher.example"})
    here.deliver()
    assert mailbox.messages[0].envelope_rcpt == ("anna@xn--bcher-kva.example",)


def test_who_unsubscribes_is_in_no_file_any_more(here: Installation, browser: Any, mailbox: Mailbox) -> None:
    page = browser.post(asked(here, browser, mailbox, email="unmistakable@example.org")).text
    manage = re.search(r'href="/subscriptions/([^"]+)"', page)
    assert manage
    browser.post(f"/unsubscribe/{manage[1]}")
    content = b"".join(path.read_bytes() for path in here.folder.glob("people.db*"))
    assert b"unmistakable" not in content


def test_a_request_made_again_is_good_for_seven_days_again(
    here: Installation, browser: Any, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(here, browser, mailbox)
    later = now() + timedelta(days=6)
    monkeypatch.setattr("notifier.pages.now", lambda: later)
    browser.post("/subscribe", data=WISH)
    with here.people_db.write() as tx:
        assert people.expire(tx, later - timedelta(days=5)) == 0
        assert people.expire(tx, later + timedelta(days=1)) == 1


def test_people_are_for_the_owners_eyes_only(here: Installation, browser: Any) -> None:
    browser.post("/subscribe", data=WISH)
    assert here.run("backup", str(here.folder / "copy")).returncode == 0
    for path in (*here.folder.glob("people.db*"), here.folder / "copy" / "people.db"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_stored_filter_that_cannot_be_read_any_more_can_still_be_left(
    here: Installation, browser: Any, mailbox: Mailbox
) -> None:
    page = browser.post(asked(here, browser, mailbox)).text
    manage = re.search(r'href="/subscriptions/([^"]+)"', page)
    assert manage
    with here.people_db.write() as tx:
        tx.execute("UPDATE subscriptions SET filter = 'technology=phlogiston'")
    assert "phlogiston" in browser.get(f"/unsubscribe/{manage[1]}").text
    assert browser.post(f"/unsubscribe/{manage[1]}").status_code == 200
