"""The text of a whole page, as `communique extract` is given one."""

from __future__ import annotations

import pytest

from feed import text


def test_the_main_part_of_a_page_is_its_text_and_its_heading_the_title() -> None:
    page = "<html><title>Site</title><nav>Menu</nav><h1>Big <b>call</b></h1><main><p>Apply.</p></main></html>"
    assert text.page(page) == ("Big call", "Apply.")


def test_a_page_without_a_heading_is_called_by_its_title() -> None:
    assert text.page("<html><title>Site</title><p>Apply.</p></html>")[0] == "Site"


@pytest.mark.parametrize("piece", ["<main>", "<h1>", "<h1 ", "<article>x", "<p><title>"])
def test_a_page_of_unclosed_tags_is_read_in_time_that_grows_with_its_length(piece: str) -> None:
    """A quarter of a million of them would take hours if each were looked for to the end of the page."""
    title, told = text.page("<p>" + piece * 250_000)
    assert title == ""
    assert isinstance(told, str)
