"""What is written into the operator's catalogue reads back, and leaves what stands there alone."""

from __future__ import annotations

import multiprocessing
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import additions, source, table
from feed.adapters import KINDS
from feed.settings import SettingsError
from feed.source import LEAST_MINUTES, Source

NEWS = Source("my-news", "My news", "https://gov.example/feed", "GB", "DSIT")

texts = st.text(min_size=1).filter(str.strip)
sources = st.builds(
    Source,
    id=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True),
    name=texts,
    url=st.from_regex(r"https?://[a-z]+\.example(?::[1-9][0-9]{0,3})?/[a-z\"\\%é \t]*", fullmatch=True),
    country=st.sampled_from(["GB", "IN", "EU"]),
    body=texts,
    interval_minutes=st.none() | st.floats(LEAST_MINUTES, 7 * 24 * 60),
    pages=st.sampled_from([None, True, False]),
    kinds=st.lists(st.sampled_from(["call", "initiative"])).map(tuple),
    language=st.none() | texts,
    kind=st.sampled_from(KINDS),
    ports=st.lists(st.integers(1, 65535)).map(tuple),
)  # fmt: skip


@given(item=sources)
def test_any_source_reads_back_as_it_was_written(item: Source) -> None:
    (found,) = source.read(table.written(item).encode())
    assert found == item


@given(text=st.text())
def test_any_string_is_toml(text: str) -> None:
    written = table.written(Source("x", text, "https://x.example", "GB", "x"))
    assert tomllib.loads(written)["source"][0]["name"] == text
    assert len(written.splitlines()) == 6


def test_a_table_is_as_people_write_it_and_says_no_more_than_it_has_to() -> None:
    assert table.written(NEWS) == (
        '[[source]]\nid = "my-news"\nname = "My news"\nurl = "https://gov.example/feed"\n'
        'country = "GB"\nbody = "DSIT"\n'
    )
    more = Source(**{**asdict(NEWS), "interval_minutes": 10.0, "kinds": ("call",), "ports": (8080, 81)})
    assert table.written(more).endswith('interval_minutes = 10\nkinds = ["call"]\nports = [8080, 81]\n')


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# mine\n",
        '# mine, "quoted"\r\n\r\n[[source]]\r\nid = \'a\'   # kept\r\nname="A"\r\nurl="https://a.example"\r\n'
        'country="GB"\r\nbody="A"\r\n',
        '[[source]]\nid = "a"\nname = "é"\nurl = "https://a.example"\ncountry = "GB"\nbody = "A" # end',
    ],
)
def test_what_stands_in_the_file_stays_as_it_is(tmp_path: Path, before: str) -> None:
    file = tmp_path / "sources.toml"
    file.write_bytes(before.encode())
    file.chmod(0o640)
    known = list(source.load(str(file)))
    additions.append([str(file)], [NEWS])
    assert file.read_bytes().startswith(before.encode())
    assert list(source.load(str(file))) == [*known, "my-news"]
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["sources.toml"]


def test_a_file_that_is_not_there_is_made_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "data" / "sources.toml"
    additions.append(["", str(file)], [NEWS])
    assert source.load("", str(file))["my-news"] == NEWS
    assert additions.watched([str(tmp_path / "nowhere.toml")]) == {}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").touch()
    (tmp_path / "link.toml").symlink_to("real.toml")
    additions.append([str(tmp_path / "link.toml")], [NEWS])
    assert (tmp_path / "link.toml").is_symlink()
    assert list(source.load(str(tmp_path / "real.toml"))) == ["my-news"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "https://gov.example/feed is in the catalogue already, as 'my-news'"),
        ({"url": "https://other.example/"}, "the id 'my-news' is in the catalogue already"),
        ({"id": "other", "url": "http://www.gov.example/feed/"}, "in the catalogue already, as 'my-news'"),
        ({"id": "fcdo-news", "url": "https://other.example/"}, "the id 'fcdo-news' is in the catalogue"),
        ({"id": "other", "url": source.load()["fcdo-news"].url}, "already, as 'fcdo-news'"),
    ],
)
def test_nothing_comes_to_stand_there_twice(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    file = tmp_path / "sources.toml"
    additions.append(["", str(file)], [NEWS])
    before = file.read_bytes()
    with pytest.raises(SettingsError) as error:
        additions.append(["", str(file)], [Source(**{**asdict(NEWS), **changes})])
    assert words in str(error.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (
            'source = [{id = "a", name = "A", url = "https://a.example", country = "GB", body = "A"}]\n',
            "headings",
        ),
        ("[[source]\n", "no valid TOML"),
        ("source = []\n", "under [[source]] headings"),
        ("[[source]]\n", "id is missing"),
        ('x = """\n', "no valid TOML"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_left_alone(tmp_path: Path, before: str, words: str) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(before)
    with pytest.raises(SettingsError) as error:
        additions.append([str(file)], [NEWS])
    assert words in str(error.value)
    assert file.read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["sources.toml"]


def test_a_catalogue_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        SettingsError, match=r"cannot write the catalogue .*: (?:Not a directory|File exists)"
    ):
        additions.append([str(tmp_path / "file" / "sources.toml")], [NEWS])
    with pytest.raises(SettingsError, match="Is a directory"):
        additions.append([str(tmp_path)], [NEWS])


def _add(arguments: tuple[str, int]) -> None:
    path, number = arguments
    item = Source(f"news-{number}", "News", f"https://gov.example/{number}", "GB", "DSIT")
    additions.append([path], [item])


def test_those_who_add_at_the_same_time_do_not_undo_each_other(tmp_path: Path) -> None:
    file = str(tmp_path / "sources.toml")
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(_add, [(file, number) for number in range(24)], chunksize=1)
    assert len(source.load(file)) == 24
