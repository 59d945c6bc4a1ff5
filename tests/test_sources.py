"""The catalogue: ours is what it should be, and an operator's mistakes are named."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from feed import source
from feed.settings import Settings, SettingsError, load

GOOD = """
[[source]]
id = "fcdo-news"
name = "FCDO: news"
url = "https://www.gov.uk/x.atom"
country = "GB"
body = "FCDO"
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_built_in_catalogue_is_large_official_and_sound() -> None:
    sources = source.load().values()
    assert len(sources) >= 60
    countries = Counter(item.country for item in sources)
    assert {"GB", "IN", "EU", "US"} <= set(countries)
    assert countries["GB"] > 20 and countries["US"] > 10
    assert len({item.url for item in sources}) == len(sources)
    assert all(item.url.startswith("https://") for item in sources)


def test_a_source_may_say_more(tmp_path: Path) -> None:
    more = 'interval_minutes = 10\npages = true\nkinds = ["call"]\nlanguage = "en"\n'
    found = source.load(written(tmp_path, GOOD + more))["fcdo-news"]
    assert (found.interval_minutes, found.pages, found.kinds, found.language) == (10, True, ("call",), "en")
    assert found.publisher.country == "GB"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace('name = "FCDO: news"', ""), "source 1 (fcdo-news): name is missing"),
        (GOOD.replace('"fcdo-news"', '"FCDO news"'), "an id has small letters"),
        (GOOD.replace("https://www.gov.uk/x.atom", "ftp://gov.uk"), "no http or https address"),
        (GOOD.replace('"GB"', '"UK"'), "'UK' is no ISO 3166-1 code"),
        (GOOD + GOOD, "the id 'fcdo-news' is used twice"),
        (GOOD + "colour = 1\n", "there is no field 'colour'"),
        (GOOD + "interval_minutes = 0\n", "interval_minutes must lie between"),
        (GOOD + 'interval_minutes = "often"\n', "interval_minutes cannot be 'often'"),
        (GOOD + 'kinds = ["news"]\n', "kinds can hold"),
        ("[[source]\n", "no valid TOML"),
        ("source = 1\n", "[[source]] heading"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError) as error:
        source.load(written(tmp_path, text))
    assert words in str(error.value)


def test_no_thread_sees_the_sources_of_before_once_the_file_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = source.Catalogue(written(tmp_path, GOOD))
    written(tmp_path, GOOD + GOOD.replace("fcdo-news", "other"))
    real, loading, go_on = source.load, threading.Event(), threading.Event()

    def load_slowly(*paths: str) -> dict[str, source.Source]:
        if not loading.is_set():
            loading.set()
            go_on.wait(10)
        return real(*paths)

    monkeypatch.setattr(source, "load", load_slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(catalogue.current)
        assert loading.wait(10)
        second = catalogue.current()
        go_on.set()
        assert len(second) == len(first.result()) == 2


def test_the_operators_additions_stand_beside_the_built_in_catalogue(tmp_path: Path) -> None:
    settings = Settings(log_url=f"sqlite:///{tmp_path}/log.db")
    assert settings.catalogue == ("", str(tmp_path / "sources.toml"))
    alone = source.load(*settings.catalogue)
    assert alone == source.load()
    written(tmp_path, GOOD.replace("fcdo-news", "my-news"))
    both = source.load(*settings.catalogue)
    assert set(both) == {*alone, "my-news"}


def test_a_catalogue_of_ones_own_stands_alone(tmp_path: Path) -> None:
    settings = Settings(log_url=f"sqlite:///{tmp_path}/log.db", sources=written(tmp_path, GOOD))
    assert list(source.load(*settings.catalogue)) == ["fcdo-news"]


def test_an_id_of_the_built_in_catalogue_cannot_be_added(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        source.load("", path := written(tmp_path, GOOD))
    assert str(error.value) == (
        f"{path}: the id 'fcdo-news' is used twice: the built-in catalogue has it already"
    )


def test_additions_are_seen_as_they_change_and_a_broken_file_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = source.Catalogue("", str(tmp_path / "sources.toml"))
    before = catalogue.current()
    assert catalogue.current() is before
    written(tmp_path, GOOD.replace("fcdo-news", "my-news"))
    after = catalogue.current()
    assert set(after) - set(before) == {"my-news"}
    written(tmp_path, "[[source]")
    assert catalogue.current() is after
    assert "no valid TOML" in caplog.text and "stay as they were" in caplog.text
    (tmp_path / "sources.toml").unlink()
    assert set(catalogue.current()) == set(before)


def test_settings_have_the_contracts_defaults() -> None:
    settings = load({})
    assert settings.log_url == "sqlite:///data/log.db"
    assert settings.people_url == "sqlite:///data/people.db"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.smtp_url == ""
    assert not settings.allow_private_networks
    assert load({"COMMUNIQUE_PORT": "9000"}).base_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(("given", "allowed"), [("1", True), ("true", True), ("0", False), ("no", False)])
def test_flags_are_read_as_people_write_them(given: str, allowed: bool) -> None:
    assert load({"COMMUNIQUE_ALLOW_PRIVATE_NETWORKS": given}).allow_private_networks is allowed


def test_the_secret_is_made_once_and_kept_for_us_alone(tmp_path: Path) -> None:
    people_url = f"sqlite:///{tmp_path}/data/people.db"
    first = Settings(people_url=people_url).secret_key
    assert len(first) >= 40
    assert Settings(people_url=people_url).secret_key == first
    kept = tmp_path / "data" / "secret_key"
    assert kept.stat().st_mode & 0o077 == 0
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]
    assert Settings(people_url=people_url, secret="given").secret_key == "given"
