"""Lists of feeds: ours as valid OPML that reads back, and those of others, however they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import opml, source
from feed.opml import OpmlError
from feed.source import Source
from storage.plain import line
from storage.terms import country_name
from tests import test_additions
from tests.installation import Installation, call, rss
from tests.world.government import Government

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEWS = Source("my-news", "My news", "https://gov.example/feed", "GB", "DSIT")
FOREIGN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<opml version="1.0">
  <head><title>Mine</title></head>
  <body>
    <outline text="Europe">
      <outline text="Deep"><outline text="Bund &amp; Länder" type="rss" xmlUrl="https://www.bund.de/feed"/></outline>
      <outline title="Only a title" xmlurl="https://www.economie.gouv.fr/rss"/>
    </outline>
    <outline text="A web page" type="link" url="https://www.bund.de/"/>
    <outline type="rss" text="No address"/>
    <outline type="rss" text="Gopher" xmlUrl="gopher://gov.example/"/>
    <outline type="rss" text="Secret" xmlUrl="https://me:hunter2@www.bund.de/secret"/>
    <outline type="rss" text="Nobody's" xmlUrl="https://agency.example/feed"/>
    <outline type="rss" text="Twice" xmlUrl="https://www.bund.de/feed/"/>
    <outline type="rss" xmlUrl="https://www.gov.uk/x.atom"/>
  </body>
</opml>
""".encode("latin-1")  # fmt: skip


def rendered(*sources: Source) -> bytes:
    return opml.render(sources, title="Ours", created=NOON)


def read_back(document: bytes) -> list[Source]:
    return [source.from_table(outline.fields, "here") for outline in opml.read(document)]


def complaints(document: bytes) -> list[str]:
    """What opml.org/spec2.opml would say of the document."""
    root = ET.fromstring(document)
    found = [] if (root.tag, root.get("version")) == ("opml", "2.0") else ["no OPML 2.0"]
    found += [] if [child.tag for child in root] == ["head", "body"] else ["no head and body"]
    created = root.findtext("head/dateCreated") or ""
    found += [] if parsedate_to_datetime(created) else ["no date"]
    outlines = root.findall("body//outline")
    found += [] if root.findall("body/outline") else ["an empty body"]
    for outline in outlines:
        found += [] if outline.get("text") else ["an outline without text"]
        if outline.get("type") == "rss" and not outline.get("xmlUrl"):
            found.append("a feed without an address")
        if any(not name.startswith("{") and name not in _ATTRIBUTES for name in outline.attrib):
            found.append("an attribute that OPML does not know")
    return found


_ATTRIBUTES = {"type", "text", "title", "xmlUrl", "url", "language"}


def test_our_list_is_valid_and_ordered_by_country() -> None:
    document = rendered(NEWS, replace(NEWS, id="b", country="IN", language="hi"), replace(NEWS, id="c"))
    assert complaints(document) == []
    body = ET.fromstring(document).find("body")
    assert body is not None
    assert [(group.get("text"), len(group)) for group in body] == [("United Kingdom", 2), ("India", 1)]
    assert ET.fromstring(document).findtext("head/dateCreated") == "Mon, 23 Nov 2026 12:00:00 +0000"


def test_the_built_in_catalogue_reads_back_as_it_was() -> None:
    sources = list(source.load().values())
    document = rendered(*sources)
    assert complaints(document) == []
    countries = list(dict.fromkeys(item.country for item in sources))
    assert read_back(document) == sorted(sources, key=lambda item: countries.index(item.country))


@given(item=test_additions.sources)
def test_any_source_reads_back_as_far_as_xml_can_carry_it(item: Source) -> None:
    item = replace(
        item,
        name=line(item.name) or "a name",
        url=line(item.url),
        body=line(item.body) or "a body",
        language=line(item.language or "") or None,
    )
    document = rendered(item)
    assert complaints(document) == []
    assert read_back(document) == [item]
    assert country_name(item.country) in document.decode()


def test_what_is_no_feed_is_a_link_to_others_and_a_source_to_us() -> None:
    document = rendered(replace(NEWS, kind="grants-gov", url="https://gov.example/api?a=b|c"))
    (outline,) = ET.fromstring(document).findall("body/outline/outline")
    assert (outline.get("type"), outline.get("xmlUrl")) == ("link", None)
    assert [item.url for item in read_back(document)] == ["https://gov.example/api?a=b|c"]


@given(text=st.text())
def test_any_text_is_well_formed(text: str) -> None:
    document = opml.render([replace(NEWS, name=text, body=text)], title=text, created=NOON)
    assert len(opml.read(document)) == 1


def test_a_password_is_never_in_it() -> None:
    document = rendered(replace(NEWS, url="https://me:hunter2@gov.example:8443/feed?a=b"))
    assert b"hunter2" not in document and b"me:" not in document and b"me@" not in document
    assert opml.read(document)[0].url == "https://gov.example:8443/feed?a=b"


def test_the_lists_of_others_are_read_however_deep_and_in_their_encoding() -> None:
    found = opml.read(FOREIGN)
    assert [outline.name for outline in found] == [
        *("Bund & Länder", "Only a title", "No address", "Gopher", "Secret", "Nobody's", "Twice", ""),
    ]
    assert opml.read(FOREIGN.replace(b"ISO-8859-1", b"us-ascii").replace(b"\xe4", b"&#228;")) == found


def test_depth_is_no_danger() -> None:
    depth = 100_000
    inner = b'<outline type="rss" xmlUrl="https://gov.example/"/>'
    document = b"<opml>" + b"<outline>" * depth + inner + b"</outline>" * depth + b"</opml>"
    assert len(opml.read(document)) == 1


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<opml version="2.0"><body><outline type="rss" text="&b;" xmlUrl="https://gov.example/"/></body></opml>"""
OUTSIDE = b"""<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body>&x;</body></opml>"""


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (LAUGHS, "declares a document type"),
        (OUTSIDE, "declares a document type"),
        (b'<!DOCTYPE opml SYSTEM "http://127.0.0.1/x.dtd"><opml/>', "declares a document type"),
        (LAUGHS.decode().encode("utf-16"), "declares a document type"),
        (b"", "not well-formed XML: no element found"),
        (b"no xml", "not well-formed"),
        (b"<opml><body>", "not well-formed"),
        (b'<opml><body><outline text="&nbsp;"/></body></opml>', "undefined entity"),
        (b"<html><body></body></html>", "it begins with <html>"),
        (b'<rss xmlns="x\x1b"/>', "not well-formed"),
        (b'<x:opml xmlns:x="urn:x"/>', "it is no OPML"),
        (b'<?xml version="1.0" encoding="klingon-8"?><opml/>', "encoding"),
        (b'<?xml version="1.0" encoding="shift_jis"?><opml/>', "encoding"),
        (b"<opml>" + b" " * opml.READ_BYTES + b"</opml>", "larger than 10 MB"),
        (b"<opml>" + b'<outline type="rss"/>' * 20_001 + b"</opml>", "more than 20,000 feeds"),
    ],
    ids=range(15),
)
def test_what_is_no_opml_is_refused_with_the_reason(document: bytes, words: str) -> None:
    with pytest.raises(OpmlError, match=words) as error:
        opml.read(document)
    assert len(str(error.value).splitlines()) == 1


@given(
    start=st.sampled_from([FOREIGN, rendered(NEWS), LAUGHS]),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=8)), max_size=4),
)
def test_any_bytes_are_a_list_or_one_named_error(start: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    document = start
    for place, length, put in changes:
        document = document[:place] + put + document[place + length :]
    try:
        found = opml.read(document)
    except OpmlError as error:
        assert len(str(error).splitlines()) == 1
        return
    for outline in found:
        assert outline.name == line(outline.name) and outline.url == line(outline.url)


@pytest.fixture
def file(here: Installation) -> Path:
    path = here.folder / "mine.opml"
    path.write_bytes(FOREIGN)
    return path


def test_each_feed_is_told_and_added_on_a_yes(here: Installation, file: Path) -> None:
    done = here.run("sources", "import", str(file), stdin="y\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "add   bund-lander  DE  Bund & Länder  https://www.bund.de/feed",
        "add   economie-only-title  FR  Only a title  https://www.economie.gouv.fr/rss",
        "skip  No address: it has no address (xmlUrl)",
        "skip  Gopher: 'gopher://gov.example/' is no http or https address",
        "skip  Secret: its address has a password in it: see `sources add`",
        "skip  Nobody's: its country cannot be told: name it with --country",
        "skip  Twice: it stands in the file twice, first as 'bund-lander'",
        "add   gov-uk-x  GB  www.gov.uk  https://www.gov.uk/x.atom",
        "3 to add, 5 skipped",
        f"Add them to {here.settings.sources}? [y/N]: added 3 to {here.settings.sources}",
    ]
    assert list(source.load(here.settings.sources)) == ["bund-lander", "economie-only-title", "gov-uk-x"]
    again = here.run("sources", "import", str(file), "--country", "nl")
    assert "skip  Bund & Länder: https://www.bund.de/feed is in the catalogue already" in again.stdout
    assert "add   agency-nobodys  NL" in again.stdout
    assert "1 to add, 7 skipped" in again.stdout


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_is_imported(here: Installation, file: Path, answer: str) -> None:
    done = here.run("sources", "import", str(file), stdin=answer)
    assert (done.returncode, done.stderr) == (1, "Error: nothing was added\n")
    assert "3 to add" in done.stdout
    assert source.load(here.settings.sources) == {}


def test_an_export_is_imported_without_loss(here: Installation, government: Government) -> None:
    made = replace(
        NEWS,
        url="https://gov.example/?a=b|c",
        interval_minutes=0.25,
        kinds=("call",),
        pages=False,
        language="fr",
        ports=(8080,),
        body="A <b>",
    )
    (here.folder / "sources.toml").write_text(_table(made), encoding="utf-8")
    exported = here.run("sources", "export")
    assert exported.returncode == 0 and complaints(exported.stdout.encode()) == []
    there = str(here.folder / "there.toml")
    (here.folder / "ours.opml").write_text(exported.stdout, encoding="utf-8")
    done = here.run("sources", "import", "ours.opml", "--yes", COMMUNIQUE_SOURCES=there)
    assert done.returncode == 0, done.stderr
    assert list(source.load(there).values()) == [made]


def _table(item: Source) -> str:
    from feed import table

    return table.written(item)


def test_a_wrong_field_of_ours_skips_its_feed_with_the_reason(here: Installation) -> None:
    good = rendered(NEWS)
    bad = rendered(replace(NEWS, id="other", url="https://gov.example/2", interval_minutes=30.0))
    for old, new, words in (
        (b'id="other"', b'id="My News"', "an id has small letters"),
        (b'country="GB"', b'country="UK"', "'UK' is no ISO 3166-1 code"),
        (b'minutes="30"', b'minutes="often"', "interval_minutes cannot be 'often'"),
        (b'minutes="30"', b'minutes="nan"', "interval_minutes must lie between"),
        (b'kind="feed"', b'kind="telex"', "there is no kind 'telex'"),
        (b'id="other"', b'id="my-news"', "the id 'my-news' is in the catalogue already"),
    ):
        both = good.replace(b"</body>", _outline(bad.replace(old, new)) + b"</body>")
        (here.folder / "both.opml").write_bytes(both)
        done = here.run("sources", "import", "both.opml", stdin="n\n")
        assert words in done.stdout and "1 to add, 1 skipped" in done.stdout


def _outline(document: bytes) -> bytes:
    return document.partition(b"<body>")[2].partition(b"</body>")[0]


def test_a_hostile_file_is_one_clear_line(here: Installation) -> None:
    (here.folder / "laughs.opml").write_bytes(LAUGHS)
    done = here.run("sources", "import", "laughs.opml", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: laughs.opml cannot be read: it declares a document type, which no OPML needs\n"
    )
    assert here.run("sources", "import", "nowhere.opml").returncode == 2
    wrong = here.run("sources", "import", "laughs.opml", "--country", "UK")
    assert wrong.returncode == 2 and "--country" in wrong.stderr


def test_nothing_new_is_nothing_to_ask(here: Installation) -> None:
    (here.folder / "sources.toml").write_text(_table(NEWS), encoding="utf-8")
    (here.folder / "ours.opml").write_bytes(rendered(NEWS))
    done = here.run("sources", "import", "ours.opml")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "0 to add, 1 skipped"


def test_hostile_names_of_a_list_do_no_harm(here: Installation) -> None:
    name = 'x"]\n[[source]]\nid = "evil" &#x202e; \\'
    hostile = replace(NEWS, id="x", name=name)
    document = rendered(hostile).replace(b"My news", name.encode())
    (here.folder / "hostile.opml").write_bytes(document)
    done = here.run("sources", "import", "hostile.opml", "--yes")
    assert done.returncode == 0, done.stderr
    assert list(source.load(here.settings.sources)) == ["x"]


def test_many_feeds_of_one_name_are_added_quickly(here: Installation) -> None:
    feeds = b"".join(
        b'<outline type="rss" text="News" xmlUrl="https://gov.in/%d"/>' % number for number in range(3000)
    )
    (here.folder / "many.opml").write_bytes(b"<opml>" + feeds + b"</opml>")
    done = here.run("sources", "import", "many.opml", "--yes")
    assert done.stdout.endswith(f"3000 to add, 0 skipped\nadded 3000 to {here.settings.sources}\n")


def test_the_list_is_public_without_its_passwords(here: Installation, government: Government) -> None:
    here.watch("dsit", government.serve("/feed", rss(call(1))))
    here.watch("pib", "https://pib.gov.in/rss", country="IN", name="P <& I>")
    browser = here.browser()
    answer = browser.get("/sources.opml")
    assert (answer.status_code, answer.mimetype) == (200, "text/x-opml")
    assert answer.content_type.endswith("charset=utf-8")
    assert complaints(answer.data) == []
    assert [item.id for item in read_back(answer.data)] == ["dsit", "pib"]
    assert 'href="/sources.opml"' in browser.get("/sources").text
    assert browser.post("/sources.opml").status_code == 405


def test_an_address_is_shown_without_a_password() -> None:
    assert replace(NEWS, url="https://me:hunter2@gov.example:81/f").public_url == "https://gov.example:81/f"
    assert replace(NEWS, url="https://me@gov.example/f?a@b").public_url == "https://gov.example/f?a@b"
    assert replace(NEWS, url="https://[::1").public_url == ""
