"""Wiring: the worker process. APScheduler is its metronome; what is due is in the databases.

One of three modules that may import both feed and notifier, and the only one that may import apscheduler.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler

from feed import closing, hubs, poll, source, visits
from feed.fetch import Fetcher
from feed.settings import Settings
from feed.source import Source
from feed.turns import Turns
from feed.visitor import Visitor
from notifier import deliver, operator
from notifier.channels import Channel, open_channel
from notifier.message import Letterhead
from notifier.tokens import Tokens
from storage import cursors, holders, people, rebuild
from storage.clock import now
from storage.database import Database, open_database
from storage.errors import StorageError
from storage.notes import Notes
from storage.visits import Visit

logger = logging.getLogger("worker")

STOP = {signal.SIGTERM, signal.SIGINT}
DELIVER_SECONDS = 1
KEEP_HOUSE_SECONDS = 3600
TEND_HUBS_SECONDS = 60
VISIT_SECONDS = 5
CLOSE_SECONDS = 15
PLAN_VISITS_SECONDS = 600
VISITING_THREADS = 4
TOLD_EVERY = 50_000
UNCONFIRMED = timedelta(days=7)
SAY_AGAIN_SECONDS = 60


@dataclass
class Work:
    """What the jobs share: the databases, the way out, and what could not be written to each database yet."""

    log_db: Database
    people_db: Database
    catalogue: source.Catalogue
    fetcher: Fetcher
    visitor: Visitor
    channel: Channel
    letterhead: Letterhead
    operators: tuple[str, ...]
    stopping: threading.Event = field(default_factory=threading.Event)
    sources: dict[str, Source] = field(default_factory=dict)
    for_log: Notes = field(default_factory=Notes)
    for_people: Notes = field(default_factory=Notes)
    said: dict[str, float] = field(default_factory=dict)

    def complain(self, error: StorageError, where: str = "") -> None:
        """Tell the operator what is wrong with a database, the same at most once a minute: a full disk is met
        by every source."""
        moment, words = time.monotonic(), str(error)
        if moment - self.said.get(words, -SAY_AGAIN_SECONDS) >= SAY_AGAIN_SECONDS:
            logger.error("%s%s", where, words)
            self.said = {**self.said, words: moment} if len(self.said) < 100 else {words: moment}


def letterhead(settings: Settings) -> Letterhead:
    """What all messages of this installation share."""
    return Letterhead(settings.base_url, settings.mail_from, Tokens(settings.secret_key))


def run(settings: Settings) -> None:
    """Poll, notify and keep house until SIGTERM or SIGINT; then finish what is in hand and return."""
    work = _prepare(settings)
    _guarded(work, lambda: begin(work))()
    # Blocked before any thread starts, and waited for below: a handler would run whenever the main thread
    # happens to wake, and could meet a lock that it holds.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    turns: Turns[Source] = Turns(
        lambda due: _poll(work, due),
        threads=settings.threads,
        at_once=settings.host_connections,
        seconds_apart=settings.host_seconds,
    )
    visiting: Turns[Visit] = Turns(
        lambda due: _visit(work, due), threads=VISITING_THREADS, at_once=1, seconds_apart=0
    )
    # Each job has a thread of its own; a late run is still a run, and two late ones are one.
    scheduler = BackgroundScheduler(
        executors={"default": JobThreads(7)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )
    for job, seconds in (
        (lambda: tick(work, turns), settings.poll_seconds),
        (lambda: visit_pages(work, visiting), VISIT_SECONDS),
        (lambda: plan_visits(work), PLAN_VISITS_SECONDS),
        (lambda: close_passed(work), CLOSE_SECONDS),
        (lambda: notify(work), DELIVER_SECONDS),
        (lambda: keep_house(work), KEEP_HOUSE_SECONDS),
        (lambda: tend_hubs(work, settings), TEND_HUBS_SECONDS),
    ):
        scheduler.add_job(_guarded(work, job), "interval", seconds=seconds, next_run_time=now())
    scheduler.start()
    logger.info("watching %d sources", len(work.catalogue.current()))
    signal.sigwait(STOP)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)  # a second one does not wait
    work.stopping.set()
    logger.info("stopping: finishing what is in hand")
    scheduler.shutdown(wait=True)
    turns.close()
    visiting.close()
    _guarded(work, lambda: work.for_people.write(work.people_db))()
    work.fetcher.close()
    work.log_db.close()
    work.people_db.close()


def begin(work: Work) -> None:
    """See that the read model is what this version makes of the log, then follow the catalogue."""
    rebuild.bring_up_to_date(work.log_db, _tell_progress)
    take_up(work)


def take_up(work: Work) -> None:
    """Follow the catalogue, when it has changed."""
    if (sources := work.catalogue.current()) is not work.sources:
        poll.prepare(work.log_db, sources.values())
        work.sources = sources


def tick(work: Work, turns: Turns[Source]) -> None:
    """Put what is due in line. A slow source keeps one of the polling threads, not the others."""
    if work.stopping.is_set():
        return
    work.for_log.write(work.log_db)
    take_up(work)
    with work.log_db.read() as tx:
        due = cursors.waiting(tx, now())
    turns.add(work.sources[key] for key in due if key in work.sources)


def visit_pages(work: Work, visiting: Turns[Visit]) -> None:
    """Put the linked pages in line that could not be read with their announcements, and those of open calls
    that are to be looked at again."""
    if not work.stopping.is_set():
        visiting.add(visits.due(work.log_db, work.sources))


def plan_visits(work: Work) -> None:
    """Plan visits to the pages of open calls that have none."""
    if not work.stopping.is_set():
        visits.plan_unplanned(work.log_db, work.sources, now())


def close_passed(work: Work) -> None:
    """Close the calls whose deadline has passed."""
    if closed := closing.close_passed(work.log_db, now()):
        logger.info("closed %d calls whose deadline has passed", len(closed))


def notify(work: Work) -> None:
    """Match what is new, send what is due, then tell the operator what is wrong with sources."""
    deliver.match_new(work.log_db, work.people_db)
    post = (work.log_db, work.people_db, work.channel, work.letterhead)
    deliver.deliver_due(*post, stopping=work.stopping.is_set, notes=work.for_people)
    operator.tell(*post, work.operators, stopping=work.stopping.is_set, notes=work.for_people)


def tend_hubs(work: Work, settings: Settings) -> None:
    """Ask the hubs that sources name to push."""
    hubs.tend(work.log_db, work.fetcher, settings, work.sources, now(), stopping=work.stopping.is_set)


def keep_house(work: Work) -> None:
    """Forget those who never confirmed."""
    with work.people_db.write() as tx:
        expired = people.expire(tx, now() - UNCONFIRMED)
    # Also for those who left while another program was reading.
    work.people_db.forget()
    if expired:
        logger.info("forgot %d requests that were never confirmed", expired)


def _prepare(settings: Settings) -> Work:
    fetcher = Fetcher(
        contact=settings.base_url,
        allow_private_networks=settings.allow_private_networks,
        threads=settings.threads,
    )
    return Work(
        log_db=open_database(settings.log_url, "log"),
        people_db=open_database(settings.people_url, "people"),
        catalogue=source.Catalogue(*settings.catalogue),
        fetcher=fetcher,
        visitor=Visitor(fetcher, seconds_apart=settings.host_seconds),
        channel=open_channel(settings.smtp_url),
        letterhead=letterhead(settings),
        operators=settings.operators,
    )


def _tell_progress(done: int, total: int) -> None:
    """Every so often, since nothing is polled meanwhile."""
    if done % TOLD_EVERY == 0 or done == total:
        logger.info("computing the read model again: %d of %d events", done, total)


def _poll(work: Work, due: Source) -> None:
    if work.stopping.is_set():
        return
    try:
        outcome = poll.poll(work.log_db, work.fetcher, due, due=True, visitor=work.visitor)
    except StorageError as error:
        work.complain(error, f"source {due.id}: ")
        # Else it would have to wait until the lease runs out.
        work.for_log.keep(lambda tx: cursors.give_back(tx, due.id, holders.me()))
        return
    except Exception:
        logger.exception("source %s: unexpected error", due.id)
        return
    if outcome.status == "failed":
        logger.warning("source %s: %s", due.id, outcome.reason)
    elif outcome.events:
        logger.info("source %s: recorded %d", due.id, len(outcome.events))


def _visit(work: Work, due: Visit) -> None:
    if work.stopping.is_set() or due.source not in work.sources:
        return
    try:
        events = visits.read_later(work.log_db, work.visitor, work.sources[due.source], due)
    except StorageError as error:
        work.complain(error, f"page {due.url}: ")
        return
    if len(events) > 1:
        logger.info("source %s: recorded %d", due.source, len(events))


def _guarded(work: Work, job: Callable[[], None]) -> Callable[[], None]:
    """The job, such that an error is told and the next run comes all the same."""

    def run_once() -> None:
        try:
            job()
        except StorageError as error:
            work.complain(error)
        except Exception:
            logger.exception("unexpected error")

    return run_once
