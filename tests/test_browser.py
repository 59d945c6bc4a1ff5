"""The pages in a real browser: at two widths, by keyboard and by click. Needs a Chromium."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.installation import Installation, call, rss, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = {"phone": 360, "desktop": 1280}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield browser
        browser.close()


@pytest.fixture
def served(here: Installation, government: Government) -> Iterator[str]:
    """An installation with a call, a changed call and a source that fails, on a real port."""
    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    here.watch("down", government.serve("/down", status=503), name="A ministry whose server is down")
    here.poll()
    government.serve("/feed", rss(call(2), visit(1)))
    here.poll("dsit")
    later = call(2)["description"].replace("12 March", "30 April")
    government.serve("/feed", rss(call(2, description=later), visit(1)))
    here.poll("dsit")
    server = make_server("127.0.0.1", 0, here.app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": WIDTHS[request.param], "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    # Chromium also tells of every 4xx, which some tests ask for; what breaks our policy is another matter.
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Failed to load" not in message.text else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("path", ["/", "/?q=quantum", "/events", "/events/3", "/sources", "/subscribe"])
def test_a_page_fits_its_window_and_names_its_parts(page: Any, served: str, path: str) -> None:
    page.goto(served + path)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input, select, button')].filter("
        "  field => !(field.labels?.length || field.textContent.trim())).length"
    )
    assert unnamed == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_plots_of_the_sources_can_be_seen_and_be_read_aloud(page: Any, served: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(served + "/sources")
    plots = page.get_by_role("img")
    assert plots.count() == 2
    assert page.get_by_role("img", name="2 announcements in the last week").is_visible()
    box = plots.first.bounding_box()
    assert box["width"] >= 100 and box["height"] >= 20
    colours = "node => [getComputedStyle(node).fill, getComputedStyle(document.body).backgroundColor]"
    fill, paper = page.locator("svg.plot path").first.evaluate(colours)
    assert fill != paper
    page.get_by_role("link", name="1 cannot be read").click()
    assert page.locator("table.sources tbody tr").count() == 1


def test_what_changed_in_a_text_is_told_by_more_than_colour(
    page: Any, served: str, here: Installation
) -> None:
    (event,) = here.events("AnnouncementRevised")
    page.goto(f"{served}/events/{event.position}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    line = "node => getComputedStyle(node).textDecorationLine"
    label = "node => getComputedStyle(node, '::before').content"
    for name, drawn, read in (("del", "line-through", "gone"), ("ins", "underline", "new")):
        node = page.locator(f".words {name}").first
        assert node.evaluate(line) == drawn
        assert read in node.evaluate(label)


def test_a_missing_page_is_one_of_ours(page: Any, served: str) -> None:
    page.goto(served + "/")
    answer = page.request.get(served + "/nowhere")
    assert answer.status == 404
    assert "There is no such page" in answer.text()


def test_a_person_finds_a_call_and_its_story(page: Any, served: str) -> None:
    page.goto(served + "/")
    page.get_by_label("Search").fill("quantum")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name="Funding call 2: quantum networks").first.get_by_role("link").click()
    page.get_by_text("Why we think so").first.click()
    assert page.get_by_text("30 April 2027").first.is_visible()
    assert page.locator("table.evidence").first.is_visible()


def test_the_keyboard_reaches_the_content_first(page: Any, served: str) -> None:
    page.goto(served + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"


def test_a_person_subscribes_confirms_and_leaves(
    page: Any, served: str, here: Installation, mailbox: Mailbox
) -> None:
    page.goto(served + "/subscribe?kind=call&technology=quantum")
    page.get_by_label("Your e-mail address").fill("anna@example.org")
    page.get_by_label("once a day").check()
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("heading", name="Please look into your inbox").is_visible()
    here.deliver()
    body = mailbox.messages[-1].get_body(("plain",))
    assert body is not None
    link = re.search(r"(/subscriptions/confirm/\S+)", body.get_content())
    assert link
    page.goto(served + link[1])
    page.get_by_role("button", name="Yes, subscribe me").click()
    page.get_by_role("link", name="Change this subscription").click()
    assert page.get_by_label("once a day").is_checked()
    page.get_by_role("button", name="Unsubscribe").click()
    assert page.get_by_role("heading", name="You are unsubscribed").is_visible()


def test_a_mistake_is_told_where_the_person_is(page: Any, served: str) -> None:
    page.goto(served + "/subscribe")
    page.get_by_label("Your e-mail address").fill("anna@example.org")
    page.get_by_label("Only between").fill("GB-Indien")
    with page.expect_response(lambda answer: answer.status == 400):
        page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_label("Your e-mail address").input_value() == "anna@example.org"
