"""The command, run as a process, as an operator runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage import people
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox


@pytest.fixture
def watched(here: Installation, government: Government) -> Installation:
    here.watch("dsit", government.serve("/feed", rss(call(1), visit(1))))
    return here


def last_json(output: str) -> dict[str, object]:
    found = json.loads(output.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_poll_says_what_it_did_and_names_what_failed(watched: Installation, government: Government) -> None:
    watched.watch("down", government.serve("/down", status=404))
    done = watched.run("poll", "--json")
    assert done.returncode == 0, done.stderr
    assert last_json(done.stdout) == {
        "sources": 2,
        "fetched": 1,
        "not_modified": 0,
        "failed": 1,
        "announcements": 2,
        "revised": 0,
        "events": 4,
    }
    assert '"reason": "the server answered 404 Not Found"' in done.stdout
    again = watched.run("poll")
    assert again.stdout == (
        "0 sources, 0 fetched, 0 not modified, 0 failed, 0 announcements, 0 revised, 0 events\n"
    )
    everything = watched.run("poll", "--all")
    assert "down: failed: the server answered 404 Not Found" in everything.stdout
    assert "2 sources" in everything.stdout
    assert "1 sources" in watched.run("poll", "dsit").stdout


def test_a_rehearsal_prints_the_events_and_writes_none(watched: Installation) -> None:
    done = watched.run("poll", "--dry-run", "--json")
    types = [json.loads(line).get("type") for line in done.stdout.splitlines()]
    assert types == ["AnnouncementPublished", "CallAnnounced", "AnnouncementPublished", None]
    assert watched.run("log").stdout == ""


def test_the_log_is_printed_as_the_contract_says(watched: Installation) -> None:
    watched.run("poll")
    lines = [json.loads(line) for line in watched.run("log", "--json").stdout.splitlines()]
    assert [line["position"] for line in lines] == [1, 2, 3]
    assert set(lines[1]) == {
        *("position", "stream", "version", "type", "recorded_at", "digest", "chain", "data"),
    }
    assert {"subject", "announcement", "source", "title", "url", "summary", "technologies", "countries"} | {
        *("bodies", "money", "opens", "closes", "zone", "backfill", "evidence")
    } == set(lines[1]["data"])
    assert len(watched.run("log", "--type", "CallAnnounced").stdout.splitlines()) == 1
    assert len(watched.run("log", "--after", "1", "--limit", "1").stdout.splitlines()) == 1
    wrong = watched.run("log", "--type", "Nonsense")
    assert wrong.returncode == 2 and "CallAnnounced" in wrong.stderr


def test_verify_and_rebuild(watched: Installation) -> None:
    watched.run("poll")
    done = watched.run("verify")
    head = watched.events()[-1]
    assert (done.returncode, done.stdout) == (0, f"ok 3 events, head {head.chain}\n")
    assert watched.run("rebuild").stdout == "rebuilt the read model from 3 events\n"
    assert len(watched.subjects()) == 1


def test_a_tampered_log_fails_with_the_position(watched: Installation) -> None:
    watched.run("poll")
    with watched.log_db.write() as tx:
        trigger = tx.execute("SELECT sql FROM sqlite_master WHERE name = 'events_no_update'").fetchone()[
            "sql"
        ]
        tx.execute("DROP TRIGGER events_no_update")
        tx.execute("UPDATE events SET data = '{}' WHERE position = 2")
        tx.execute(trigger)
    done = watched.run("verify")
    assert done.returncode == 1
    assert done.stderr == ("Error: the log is broken at position 2: its data does not fit its digest\n")


def test_add_a_source_and_see_it_in_log_feed_and_mail_within_one_poll(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    watched.run("poll")
    assert watched.run("subscribers", "add", "anna@example.org", "--filter", "kind=call").returncode == 0
    government.serve("/feed", rss(call(2), call(1), visit(1)))
    watched.run("poll", "--all")
    done = watched.run("deliver", "--json")
    assert last_json(done.stdout) == {"matched": 1, "sent": 1, "failed": 0, "pending": 0}
    assert [message["Subject"] for message in mailbox.messages] == [
        "New call: Funding call 2: quantum networks"
    ]
    assert b"Funding call 2" in watched.browser().get("/feed.atom").data


def test_a_rehearsed_delivery_sends_nothing(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    watched.run("poll")
    watched.run("subscribers", "add", "anna@example.org")
    government.serve("/feed", rss(call(2), call(1)))
    watched.run("poll", "--all")
    done = watched.run("deliver", "--dry-run", "--json")
    assert json.loads(done.stdout.splitlines()[0])["title"] == "Funding call 2: quantum networks"
    assert last_json(done.stdout) == {"matched": 1, "sent": 0, "failed": 0, "pending": 0}
    assert mailbox.messages == []
    assert last_json(watched.run("deliver", "--json").stdout)["sent"] == 1


def test_people_are_added_listed_exported_and_erased(here: Installation) -> None:
    added = here.run(
        "subscribers", "add", "-", "--cadence", "daily", stdin="anna@example.org\nbert@example.org\n"
    )
    assert added.stdout == "2 added, 0 had this subscription already\n"
    again = here.run("subscribers", "add", "ANNA@example.org")
    assert again.stdout == "0 added, 1 had this subscription already\n"
    listed = [json.loads(line) for line in here.run("subscribers", "list", "--json").stdout.splitlines()]
    assert [(line["email"], line["cadence"]) for line in listed] == [
        ("anna@example.org", "daily"),
        ("bert@example.org", "daily"),
    ]
    here.run("subscribers", "add", "bert@example.org", "--cadence", "weekly")
    assert "bert@example.org, filter everything, cadence weekly" in here.run("subscribers").stdout
    exported = json.loads(here.run("subscribers", "export", "anna@example.org").stdout)
    assert exported["subscriber"]["email"] == "anna@example.org"
    assert here.run("subscribers", "erase", "anna@example.org").stdout == "forgot anna@example.org\n"
    missing = here.run("subscribers", "erase", "anna@example.org")
    assert (missing.returncode, missing.stderr) == (1, "Error: nothing is kept about anna@example.org\n")


def test_one_bad_address_adds_nobody(here: Installation) -> None:
    done = here.run("subscribers", "add", "anna@example.org", "not an address")
    assert done.returncode == 1
    assert "Nobody was added" in done.stderr
    with here.people_db.read() as tx:
        assert people.everyone(tx) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("poll", "--nonsense"),
        ("poll", "no-such-source"),
        ("subscribers", "add"),
        ("subscribers", "add", "a@example.org", "--filter", "technology=nonsense"),
        ("subscribers", "add", "a@example.org", "--cadence", "hourly"),
        ("log", "--after", "-1"),
    ],
)
def test_bad_usage_exits_with_2(here: Installation, arguments: tuple[str, ...]) -> None:
    done = here.run(*arguments)
    assert done.returncode == 2
    assert "Error:" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("COMMUNIQUE_LOG_URL", "mysql://x", "sqlite:///path/to/file.db"),
        ("COMMUNIQUE_LOG_URL", "sqlite:////proc/nowhere/log.db", "cannot open the database"),
        ("COMMUNIQUE_SOURCES", "/nowhere/sources.toml", "cannot read the catalogue"),
        ("COMMUNIQUE_POLL_SECONDS", "often", "COMMUNIQUE_POLL_SECONDS is 'often'"),
        ("COMMUNIQUE_SMTP_URL", "mail.example.org", "smtp://"),
        ("COMMUNIQUE_BASE_URL", "example.org", "https://alerts.example.org"),
    ],
)
def test_a_bad_setting_is_one_clear_line(here: Installation, variable: str, value: str, words: str) -> None:
    done = here.run("sources", **{variable: value})
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_sources_are_listed_with_their_state(watched: Installation, government: Government) -> None:
    new = json.loads(watched.run("sources", "list", "--json").stdout)
    assert (new["id"], new["health"], new["last_success"]) == ("dsit", "new", None)
    watched.run("poll")
    line = json.loads(watched.run("sources", "list", "--json").stdout)
    assert set(line) == {
        *("id", "name", "url", "health", "reason", "last_success", "next_poll", "seen", "new"),
    }
    assert (line["health"], line["seen"], line["new"]) == ("ok", 2, 2)
    assert "dsit" in watched.run("sources").stdout


def test_extract_reads_text_pages_and_batches(here: Installation) -> None:
    page = (
        f"<html><body><main><h1>{call(2)['title']}</h1><p>{call(2)['description']}</p></main></body></html>"
    )
    found = json.loads(here.run("extract", "-", "--json", stdin=page).stdout)
    assert found["language"] == "en"
    (subject,) = found["subjects"]
    assert (subject["kind"], subject["closes"], subject["technologies"]) == (
        "call",
        "2027-03-12",
        ["quantum"],
    )
    told = here.run(
        "extract", "-", "--title", "Minister visits bridge", stdin="The Minister met engineers."
    ).stdout
    assert "no initiative and no call" in told
    plain = here.run("extract", "-", stdin="UK launches quantum programme\nIt starts in May.\n").stdout
    assert "initiative: UK launches quantum programme\n" in plain
    lines = json.dumps({"id": "x", "title": call(2)["title"], "text": call(2)["description"], "url": ""})
    batch = json.loads(here.run("extract", "--batch", "-", stdin=lines + "\n\n").stdout)
    assert batch["id"] == "x" and len(batch["subjects"]) == 1
    broken = here.run("extract", "--batch", "-", stdin="not json\n")
    assert broken.returncode == 1 and "line 1" in broken.stderr


def test_doctor_masks_secrets_and_checks_the_guards(here: Installation) -> None:
    done = here.run("doctor", COMMUNIQUE_SMTP_URL="smtps://me:hunter2@mail.example.org")
    assert done.returncode == 0
    assert "hunter2" not in done.stdout and "smtps://me:****@mail.example.org" in done.stdout
    assert "a secret for tests" not in done.stdout
    with here.log_db.write() as tx:
        tx.execute("DROP TRIGGER events_no_delete")
    assert "events_no_delete" in here.run("doctor").stderr


def test_doctor_names_the_files_of_the_catalogue(here: Installation) -> None:
    own = here.run("doctor").stdout
    assert f"catalogue: 0 sources, from {here.settings.sources}\n" in own
    both = here.run("doctor", COMMUNIQUE_SOURCES="").stdout
    assert f"sources, from the built-in catalogue and {here.folder}/sources.toml\n" in both


def test_a_backup_is_a_whole_installation(watched: Installation) -> None:
    watched.run("poll")
    watched.run("subscribers", "add", "anna@example.org")
    copy = watched.folder / "copy"
    assert watched.run("backup", str(copy)).returncode == 0
    there = {
        "COMMUNIQUE_LOG_URL": f"sqlite:///{copy}/log.db",
        "COMMUNIQUE_PEOPLE_URL": f"sqlite:///{copy}/people.db",
    }
    assert watched.run("verify", **there).stdout == watched.run("verify").stdout
    assert "anna@example.org" in watched.run("subscribers", **there).stdout
    assert watched.run("backup", str(copy)).returncode == 1


def test_migrate_can_be_said_twice(here: Installation) -> None:
    assert here.run("migrate").stdout == here.run("migrate").stdout


def test_settings_come_from_a_file_too_and_the_environment_wins(here: Installation) -> None:
    (here.folder / ".env").write_text(
        "COMMUNIQUE_MAIL_FROM=file@example.org\nCOMMUNIQUE_BASE_URL=http://file.example\n"
    )
    told = here.run("doctor").stdout
    assert "COMMUNIQUE_MAIL_FROM = file@example.org" in told
    assert "COMMUNIQUE_BASE_URL = http://communique.example" in told


def test_the_worker_polls_and_mails_until_sigterm(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    watched.watch("dsit", government.url + "/feed", interval_minutes=0.001)
    watched.run("subscribers", "add", "anna@example.org")
    command = [str(Path(sys.executable).parent / "communique"), "work"]
    environment = {**watched.environment, "COMMUNIQUE_POLL_SECONDS": "0.1"}
    with subprocess.Popen(
        command, env=environment, cwd=watched.folder, stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            assert government.wait_for(lambda requests: len(requests) >= 2)
            government.serve("/feed", rss(call(2), call(1), visit(1)))
            assert mailbox.wait_for(lambda messages: len(messages) == 1)
            # A source that is added while it runs is polled without a restart.
            watched.watch("other", government.serve("/other", rss(call(9))), interval_minutes=0.001)
            assert government.wait_for(lambda requests: any(item.path == "/other" for item in requests))
        finally:
            worker.send_signal(signal.SIGTERM)
            watchdog = threading.Timer(30, worker.kill)
            watchdog.start()
            _, errors = worker.communicate()
            watchdog.cancel()
    assert worker.returncode == 0, errors
    assert "Traceback" not in errors
    assert mailbox.messages[0]["Subject"] == "New call: Funding call 2: quantum networks"
    assert watched.run("verify").returncode == 0
    assert watched.cursor("dsit").lease_holder is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COMMUNIQUE_SMTP_URL", "smtp://user:hunter2/x@mail.example.org"),
        ("COMMUNIQUE_SMTP_URL", "smtp://user:hunter2#x@mail.example.org"),
        ("COMMUNIQUE_SMTP_URL", "smtp://user:hunter2@mail.example.org:99999"),
        ("COMMUNIQUE_SMTP_URL", "smtp://[::1"),
        ("COMMUNIQUE_BASE_URL", "http://[::1"),
        ("COMMUNIQUE_POLL_SECONDS", "inf"),
        ("COMMUNIQUE_THREADS", "inf"),
        ("COMMUNIQUE_MAIL_FROM", "not an address"),
    ],
)
def test_a_mistaken_setting_is_one_line_without_a_password(
    here: Installation, variable: str, value: str
) -> None:
    done = here.run("doctor", **{variable: value})
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and variable in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_one_file_for_both_databases_is_refused(here: Installation) -> None:
    done = here.run("doctor", COMMUNIQUE_PEOPLE_URL=here.settings.log_url)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_a_backup_that_cannot_be_written_is_one_line(here: Installation) -> None:
    (here.folder / "file").write_text("in the way")
    done = here.run("backup", str(here.folder / "file" / "deeper"))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_a_rehearsal_leaves_alone_who_wants_to_be(watched: Installation, government: Government) -> None:
    government.serve("/feed", b"", status=503, headers={"Retry-After": "3600"})
    watched.run("poll")
    count = len(government.requests)
    watched.run("poll", "--dry-run")
    assert len(government.requests) == count


def test_text_that_ends_the_standard_parser_is_read_all_the_same(here: Installation) -> None:
    done = here.run("extract", "-", "--json", stdin="<p>Apply now <![ endif]--> for funding</p>")
    assert done.returncode == 0, done.stderr


def test_erasing_beside_a_reader_does_not_claim_more_than_it_did(here: Installation) -> None:
    here.run("subscribers", "add", "anna@example.org")
    with here.people_db.read() as tx:
        people.everyone(tx)
        done = here.run("subscribers", "erase", "anna@example.org")
    assert done.returncode == 1
    assert "another program is reading" in done.stderr


def test_sources_are_checked_without_recording_anything(
    watched: Installation, government: Government
) -> None:
    watched.watch("down", government.serve("/down", status=404))
    done = watched.run("sources", "check")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == [
        "down: the server answered 404 Not Found",
        "dsit: 2 entries, 3 events to record",
    ]
    (line,) = watched.run("sources", "check", "dsit", "--json").stdout.splitlines()
    assert json.loads(line) == {"id": "dsit", "status": "fetched", "reason": None, "seen": 2, "events": 3}
    assert watched.run("sources", "check", "nobody").returncode == 2
    assert watched.events() == []


def test_json_lines_are_not_mixed_with_letters(watched: Installation, government: Government) -> None:
    watched.run("poll")
    watched.run("subscribers", "add", "anna@example.org")
    government.serve("/feed", rss(call(2), call(1)))
    watched.run("poll", "--all")
    done = watched.run("deliver", "--json", COMMUNIQUE_SMTP_URL="")
    assert [json.loads(line)["sent"] for line in done.stdout.splitlines()] == [1]
    assert "New call: Funding call 2" in done.stderr


def test_a_named_source_that_is_left_alone_says_why(watched: Installation, government: Government) -> None:
    government.serve("/feed", b"", status=410)
    watched.run("poll")
    done = watched.run("poll", "dsit")
    assert done.stdout.splitlines()[0].startswith("dsit: skipped: it has ended: the server says")


def test_what_extract_is_given_wrongly_is_bad_usage(here: Installation) -> None:
    assert here.run("extract", "-", "--published", "yesterday", stdin="text").returncode == 2
    done = here.run("extract", "--batch", "-", stdin="[]\n")
    assert (done.returncode, done.stderr) == (1, "Error: line 1 is no JSON object\n")
