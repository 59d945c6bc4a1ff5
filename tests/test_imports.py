"""Who may import whom: the rules that keep the parts apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for name in ("storage", "feed", "notifier") for path in (ROOT / name).rglob("*.py"))
WIRING = {"feed/app.py", "feed/worker.py"} | {f"feed/cli/{path.name}" for path in ROOT.glob("feed/cli/*.py")}

ONLY = {
    "feedparser": {"feed/parse.py"},
    "lxml": {"feed/text.py", "feed/adapters/markup.py", "feed/linked/trees.py"},
    "trafilatura": {"feed/linked/article.py"},
    "sqlite3": {"storage/sqlite.py", "storage/sqlite_draft.py"},
    "sqlite_utils": {"storage/sqlite.py"},
    "psycopg": {"storage/postgres.py"},
    "smtplib": {"notifier/channels/email.py"},
    "apscheduler": {"feed/worker.py"},
    "urllib3": {"feed/fetch.py", "feed/mirror.py", "feed/sockets.py"},
    "socket": {"feed/sockets.py", "storage/holders.py"},
    "backports": {"feed/packing.py"},
    "compression": {"feed/packing.py"},
    "gzip": {"feed/packing.py"},
    "protego": {"feed/exclusion.py"},
    "fcntl": {"feed/additions.py"},
    "dotenv": {"feed/settings.py"},
    "subprocess": set(),
    "datasette": set(),
    "flask": {
        *("feed/app.py", "feed/callbacks.py", "feed/pages.py", "feed/source_pages.py"),
        "notifier/pages.py",
    },
    "click": {path for path in WIRING if "/cli/" in path},
}
PURE = {
    *(
        "storage/events.py",
        "storage/encoding.py",
        "storage/upcasters.py",
        "storage/filters.py",
        "storage/lines.py",
        "storage/shapes.py",
        "storage/wording.py",
        "storage/source_wording.py",
    ),
    *(
        "feed/cut.py",
        "feed/parse.py",
        "feed/diff.py",
        "feed/decide.py",
        "feed/edits.py",
        "feed/rhythm.py",
        "feed/links.py",
        "feed/text.py",
        "feed/walls.py",
        "feed/moments.py",
        "feed/hints.py",
        "feed/standing.py",
        "feed/health.py",
        "feed/plot.py",
        "feed/question.py",
        "feed/websub.py",
        "feed/leases.py",
        "feed/exclusion.py",
        "feed/table.py",
        "feed/known.py",
        "feed/guess.py",
        "feed/discover.py",
        "feed/opml.py",
        "feed/telling.py",
        "feed/twins.py",
        "feed/later.py",
        "feed/quoted.py",
        "feed/wordiff.py",
        "feed/revisions.py",
        "feed/corrections.py",
        "feed/zones.py",
        "feed/noise.py",
        "feed/damping.py",
        "feed/declared.py",
        "feed/endings.py",
        "feed/revisits.py",
        "feed/tombstones.py",
    ),
    *(
        "feed/atom.py",
        "feed/by_hand.py",
        "notifier/message.py",
        "notifier/schedule.py",
        "notifier/address.py",
    ),
    *("notifier/troubles.py", "notifier/notice.py"),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_parts_know_only_what_they_may(path: Path) -> None:
    package, found = named(path).split("/")[0], {name.split(".")[0] for name in imports(path)}
    allowed = {"storage": {"storage"}, "feed": {"feed", "storage"}, "notifier": {"notifier", "storage"}}[
        package
    ]
    if named(path) in WIRING:
        allowed = {"feed", "notifier", "storage"}
    assert found & {"feed", "notifier", "storage", "tests", "bench"} <= allowed


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_library_is_known_in_its_one_place(path: Path) -> None:
    for library in {name.split(".")[0] for name in imports(path)} & set(ONLY):
        assert named(path) in ONLY[library], f"{named(path)} imports {library}"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_the_environment_is_read_in_one_place(path: Path) -> None:
    if named(path) != "feed/settings.py":
        text = path.read_text(encoding="utf-8")
        assert "os.environ" not in text and "getenv" not in text


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_the_catalogue_is_always_read_with_the_operators_additions(path: Path) -> None:
    if named(path) != "feed/settings.py":
        assert "settings.sources" not in path.read_text(encoding="utf-8"), "settings.catalogue has all files"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_pure_modules_do_no_input_and_output(path: Path) -> None:
    pure = ("feed/extract/", "feed/adapters/", "feed/linked/")
    if named(path) not in PURE and not named(path).startswith(pure):
        return
    names = set(imports(path))
    assert not names & {"storage.clock.now", "time", "socket", "logging", "os", "storage.holders"}
    assert "storage.database" not in {name.rpartition(".")[0] for name in names}
    assert ".now(" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
