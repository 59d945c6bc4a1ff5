"""From bytes to entries: what real feeds look like, and what is no feed at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed import moments
from feed.cut import cut
from feed.errors import SourceError, SourceGone
from feed.links import canonical
from feed.parse import parse, parse_new
from feed.text import page, plain
from storage.plain import is_clean
from tests.installation import call, rss, visit

URL = "https://gov.example/feed"


def atom(entry: str, head: str = "") -> bytes:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>{head}<entry>{entry}</entry></feed>'
    ).encode()


def test_an_rss_item_becomes_an_entry_of_plain_text() -> None:
    (entry,) = parse(rss(call(pubDate="Wed, 24 Jul 2024 18:05:00 +0100")), url=URL).entries
    assert entry.title == "Funding call 1: quantum networks"
    assert entry.url == "https://gov.example/calls/1"
    assert entry.published_at == "2024-07-24T17:05:00+00:00"
    assert entry.summary.endswith("Applications close on 12 March 2027.")


def test_an_atom_entry_with_only_updated_takes_that_as_its_date() -> None:
    (entry,) = parse(
        atom(
            "<id>tag:www.gov.uk,2005:/x</id><title>R&amp;D</title><updated>2024-07-24T18:05:00+01:00</updated>"
            '<link rel="alternate" href="/x"/><summary type="html">A &lt;b&gt;bold&lt;/b&gt; step.</summary>'
        ),
        url=URL,
    ).entries
    assert (entry.title, entry.summary) == ("R&D", "A bold step.")
    assert entry.url == "https://gov.example/x"
    assert entry.published_at == "2024-07-24T17:05:00+00:00"


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ({"title": "Only a title"}, "Only a title"),
        ({"description": "Only words, <b>bold</b> ones"}, "Only words, bold ones"),
        ({"link": "https://gov.example/only-a-link"}, "https://gov.example/only-a-link"),
        ({"guid": "https://gov.example/only-a-guid"}, "https://gov.example/only-a-guid"),
    ],
)
def test_an_entry_may_lack_nearly_everything(item: dict[str, str], title: str) -> None:
    (entry,) = parse(rss(item), url=URL).entries
    assert entry.title == title
    assert entry.published_at is None


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2024-07-24", "2024-07-24"),
        ("Wed, 24 Jul 2024", "2024-07-24"),
        ("Wed, 24 Jul 2024 18:05:00 EDT", "2024-07-24T22:05:00+00:00"),
        ("2024-07-24T18:05:00Z", "2024-07-24T18:05:00+00:00"),
        ("someday", None),
        ("", None),
    ],
)
def test_a_date_is_as_exact_as_the_feed_states_it(stated: str, expected: str | None) -> None:
    (entry,) = parse(rss(call(pubDate=stated)), url=URL).entries
    assert entry.published_at == expected


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("javascript:alert(1)", ""),
        ("mailto:a@b.example", ""),
        ("", ""),
        ("/relative/page", "https://gov.example/relative/page"),
        (" https://gov.example/spaces \n", "https://gov.example/spaces"),
    ],
)
def test_a_link_that_leads_nowhere_is_no_link(link: str, url: str) -> None:
    (entry,) = parse(rss({"title": "x", "link": link}), url=URL).entries
    assert entry.url == url


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the answer is empty"),
        (b" \n\t", "the answer is empty"),
        (
            b"<!DOCTYPE html><html><head><title>Down for\n maintenance</title></head><body>Sorry</html>",
            "the site is under maintenance: “Down for maintenance”",
        ),
        (b"<html><body>no title</body></html>", "the answer is an HTML page, not a feed"),
        (b'{"error": "not here"}', "the answer is no RSS or Atom feed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "the answer is no RSS or Atom feed"),
        (b"<rss version='2.0'><channel><title>cut off", "not well-formed"),
    ],
)
def test_what_is_no_feed_says_so_in_one_line(body: bytes, words: str) -> None:
    with pytest.raises(SourceError) as error:
        parse(body, url=URL)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_an_empty_channel_is_a_feed_without_entries() -> None:
    assert parse(rss(), url=URL).entries == ()


def test_a_feed_that_is_cut_off_gives_what_could_be_read_and_says_so() -> None:
    body = rss(call(1), call(2))
    feed = parse(body[: body.rindex(b"<item>") + 40], url=URL)
    assert [entry.title for entry in feed.entries] == ["Funding call 1: quantum networks"]
    assert feed.note and feed.note.startswith("not as it should be (")
    assert not feed.whole


def test_a_feed_served_as_html_is_read_all_the_same() -> None:
    feed = parse(rss(call()), url=URL, content_type="text/html; charset=utf-8")
    assert (len(feed.entries), feed.note) == (1, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_are_followed(encoding: str) -> None:
    text = rss({"title": "Façade – “quotes”" if "8859" not in encoding else "Façade"}).decode()
    body = text.replace('encoding="utf-8"', f'encoding="{encoding}"').encode(encoding)
    assert parse(body, url=URL).entries[0].title.startswith("Façade")


def test_an_unknown_encoding_does_not_lose_the_feed() -> None:
    body = rss(call()).replace(b'encoding="utf-8"', b'encoding="klingon-8"')
    feed = parse(body, url=URL)
    assert feed.entries[0].title == "Funding call 1: quantum networks"
    assert feed.note == "not as it should be (the encoding klingon-8 is unknown), read as far as possible"
    served = parse(rss(call()), url=URL, content_type="text/xml; charset=klingon")
    assert served.note and "the encoding klingon is unknown" in served.note


def test_a_guid_that_is_no_address_is_no_link() -> None:
    (entry,) = parse(rss({"title": "x", "guid": "12345"}), url=URL).entries
    assert (entry.guid, entry.url) == ("12345", "")
    (entry,) = parse(rss({"title": "x", "guid": "/news/1"}), url=URL).entries
    assert entry.url == "https://gov.example/news/1"


def test_an_entry_with_nothing_in_it_is_told_in_the_sources_state() -> None:
    feed = parse(rss(call(), {}), url=URL)
    assert len(feed.entries) == 1
    assert feed.note == "1 of 2 entries could not be read"


def test_a_feed_that_says_it_has_ended_is_over() -> None:
    with pytest.raises(SourceGone):
        parse(atom("<id>x</id><title>This feed has ended</title>"), url=URL)


def test_a_file_name_as_body_is_not_opened() -> None:
    with pytest.raises(SourceError, match="no RSS or Atom feed"):
        parse(b"/etc/hostname", url=URL)


def test_control_characters_do_not_reach_the_log() -> None:
    body = rss({"title": "a&#x8;b \x0b c", "description": "d\x00e\ufffe"})
    (entry,) = parse(body.replace(b"&amp;#x8;", b"&#x8;"), url=URL).entries
    assert all(char.isprintable() for char in entry.title + entry.summary)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.gov.uk/news/x", "https://gov.uk/news/x/"),
        ("https://gov.uk/x#2024-07-24T10:00:00Z", "https://gov.uk/x"),
        ("https://gov.uk/x?utm_source=feed&id=1", "https://gov.uk/x?id=1"),
        ("https://GOV.uk:443/x", "https://gov.uk/x"),
        (
            "https://pib.gov.in/PressReleasePage.aspx?PRID=2036401",
            "https://www.pib.gov.in/PressReleaseIframePage.aspx?PRID=2036401&reg=3",
        ),
    ],
)
def test_two_addresses_of_one_page_are_the_same(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://gov.uk/x?id=1", "https://gov.uk/x?id=2"),
        (
            "https://pib.gov.in/PressReleasePage.aspx?PRID=1",
            "https://pib.gov.in/PressReleasePage.aspx?PRID=2",
        ),
        ("https://gov.uk/x", "https://gov.uk/X"),
    ],
)
def test_and_two_pages_are_not(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_html_becomes_the_text_a_person_reads() -> None:
    html = "<p>One&nbsp;two<br>three</p><script>x()</script><ul><li>a<li>b &amp; c</ul>"
    assert plain(html) == "One two\nthree\na\nb & c"


def test_a_page_gives_its_title_and_main_part() -> None:
    html = (
        "<html><head><title>Site</title><style>x</style><body><nav>Menu</nav>"
        "<main><h1>A call</h1><p>Apply now.</p></main><footer>Imprint</footer></html>"
    )
    assert page(html) == ("A call", "A call\nApply now.")
    assert page("just\ntext") == ("", "just\ntext")


mutations = st.lists(
    st.tuples(st.integers(0, 2000), st.binary(max_size=4), st.integers(0, 4)), min_size=1, max_size=12
)


@settings(max_examples=300, deadline=None)
@given(mutations, st.booleans())
def test_a_mutated_feed_ends_in_entries_or_in_a_named_error(
    changes: list[tuple[int, bytes, int]], known: bool
) -> None:
    """Whatever bytes are put in, taken out or changed: entries, or a SourceError in one line."""
    body = rss(call(1), visit(1), call(2))
    marks = frozenset(cut(body).marks[:2]) if known else frozenset()  # type: ignore[union-attr]
    for anywhere, inserted, removed in changes:
        place = anywhere % (len(body) or 1)
        body = body[:place] + inserted + body[place + removed :]
    try:
        feed = parse_new(body, marks, url=URL)
    except SourceError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert all(is_clean(entry.title + entry.text) for entry in feed.entries)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Wed, 24 Jul 2024 18:05:00 +0100", "2024-07-24T17:05:00+00:00"),
        ("Wed, 24 Jul 2024 18:05:00 EDT", "2024-07-24T22:05:00+00:00"),
        ("Wed, 24 Jul 24 18:05:00 GMT", "2024-07-24T18:05:00+00:00"),
        ("Wed, 24 Jul 2024 23:30:00 -0500", "2024-07-25T04:30:00+00:00"),
        ("24 July 2024", "2024-07-24"),
        ("2024-07-24T18:05:00Z", "2024-07-24T18:05:00+00:00"),
        ("2024-07-24 18:05:00", "2024-07-24T18:05:00+00:00"),
        ("20240724", "2024-07-24"),
        ("Wed Jul 24 18:05:00 2024", "2024-07-24T18:05:00+00:00"),
        ("24/07/2024", "2024-07-24"),
        ("07/24/2024", "2024-07-24"),
        ("24.07.2024", "2024-07-24"),
        ("24-07-2024 18:05", "2024-07-24"),
        ("July 24, 2024", "2024-07-24"),
        ("Jul 24, 2024 12:00:00 AM EDT", "2024-07-24"),
        ("Wednesday, July 24, 2024 - 18:05", "2024-07-24"),
        ("2024年7月24日", "2024-07-24"),
        ("07/06/2024", None),  # June or July: nobody can tell
        ("Wed, 31 Feb 2024 18:05:00 GMT", None),
        ("1721840700", None),
        ("yesterday", None),
        ("2024年13月44日", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
    ],
)
def test_dates_are_read_in_many_forms_and_never_wrongly(stated: str, expected: str | None) -> None:
    (entry,) = parse(rss(visit(pubDate=stated)), url=URL).entries
    assert entry.published_at == expected


@given(st.text(max_size=60))
def test_no_date_whatever_breaks_an_entry(stated: str) -> None:
    assert moments.published(stated, None) is None or stated


def test_a_feed_in_hindi_is_read_as_it_stands() -> None:
    title = "प्रधानमंत्री ने क्वांटम मिशन का शुभारंभ किया"
    (entry,) = parse(rss(visit(title=title, description="विवरण")), url=URL).entries
    assert (entry.title, entry.summary) == (title, "विवरण")


@pytest.mark.parametrize(
    "start", [b"\xef\xbb\xbf", b"\n\n", b"\xef\xbb\xbf\n", b"<!-- made by a machine -->"], ids=repr
)
def test_what_stands_before_the_declaration_does_no_harm(start: bytes) -> None:
    assert len(parse(start + rss(call(1), call(2)), url=URL).entries) == 2


def test_entities_of_html_that_xml_does_not_know_are_read() -> None:
    body = rss(visit()).replace(b"Minister", b"Minister&nbsp;&eacute;&undeclared;", 1)
    assert "é" in parse(body, url=URL).entries[0].title


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


@pytest.mark.parametrize(
    "head",
    [
        LAUGHS,
        '<!DOCTYPE rss [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY l9 "x">]>',
        '<!DOCTYPE rss SYSTEM "file:///etc/passwd">',
        f'<!DOCTYPE rss [<!ENTITY l9 "{"x" * 200_000}">]>',
    ],
    ids=["billion laughs", "external entity", "parameter entity", "external subset", "quadratic blow-up"],
)
def test_no_entity_is_expanded(head: str) -> None:
    repeated = "&l9;" * (200 if "xxx" in head else 1)
    body = head.encode() + rss(visit(title="T")).replace(b">T<", f">T {repeated}<".encode())
    body = body.replace(b'<?xml version="1.0" encoding="utf-8"?>', b"")
    try:
        texts = "".join(entry.title + entry.text for entry in parse(body, url=URL).entries)
    except SourceError:
        return
    assert "root:" not in texts and "lollol" not in texts and len(texts) < 10_000


def test_markup_that_never_ends_takes_no_time_that_grows_with_its_square() -> None:
    for piece in ("<a ", "<!--", "<div>", "<table><tr><td>", "<![CDATA["):
        assert plain(piece * 60_000).strip() in ("", "<" * 60_000)
