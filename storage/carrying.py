"""The log on its way from one installation to another: given out in slices of lines, taken in verified.

May not fetch or open anything, nor believe what comes: a line is checked by storage.lines, and here against
the log that it is to extend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from storage import effects, lines, log, redaction
from storage.database import Database, Tx
from storage.errors import StorageError
from storage.lines import BadLine, Line
from storage.log import REDACTED, Head, Recorded

SLICE = 1000
"""So many events are read, or written, in one transaction."""
SLICE_SIZE = 8_000_000
"""A slice ends earlier where its lines come to so much."""


class Refused(StorageError):
    """A log that cannot be taken in; the message says where, and why."""


class AnotherHistory(Refused):
    """What comes tells of another event at a position that we have."""

    def __init__(self, position: int, ours: str, theirs: str) -> None:
        super().__init__(f"another history: at position {position} its chain is {theirs}, ours is {ours}")
        self.position = position


def slices(database: Database, *, after: int = 0, texts: bool = False) -> Iterator[list[str]]:
    """The log from behind `after` to its end as lines, each ended by a newline; `texts`: with the long texts.
    Slice by slice, so that no reader holds a transaction."""
    while True:
        size, found = 0, []
        with database.read() as tx:
            for event in log.read(tx, after=after, limit=SLICE):
                found.append(lines.write(event, _texts(tx, event) if texts else None) + "\n")
                size, after = size + len(found[-1]), event.position
                if size > SLICE_SIZE:
                    break
        if not found:
            return
        yield found


def _texts(tx: Tx, event: Recorded) -> dict[str, str]:
    found = {key: log.text(tx, key) for key in lines.brought(event)}
    return {key: body for key, body in found.items() if body is not None}


def unsettled(tx: Tx) -> dict[int, str]:
    """The events whose data is gone and whose redaction is not recorded yet, as position and digest: what a
    mirror that was interrupted still waits for."""
    rows = tx.execute("SELECT position, digest FROM events WHERE data = ?", (REDACTED,))
    gone = {row["position"]: row["digest"] for row in rows}
    if gone:
        for event in log.read(tx, type_name="EventRedacted"):
            _settle(gone, event)
    return gone


def redactions(incoming: Iterable[bytes]) -> dict[int, str]:
    """The events that are said to be redacted in these lines, as position and digest; for a first look over a
    file, which is verified only later."""
    found = {}
    for line in incoming:
        if b'"type": "EventRedacted"' in line[:500]:
            try:
                stated = lines.read(line).event.payload
            except BadLine:
                continue  # the second look comes to it
            if stated:
                found[stated["position"]] = stated["digest"]
    return found


class Intake:
    """Takes in the lines of a log, each verified, in slices. `head` is our log's end, `new` how many events
    were recorded, `known` how many were here already."""

    def __init__(
        self,
        database: Database,
        *,
        redacted: Callable[[], Mapping[int, str]] | None = None,
        unsettled: Mapping[int, str] | None = None,
    ) -> None:
        """`redacted` tells which events are said to be redacted further on (position and digest), where that
        can be known beforehand: data that is gone for another reason is refused at once then, and otherwise
        at the end. `unsettled` is what earlier lines have left open."""
        self._database = database
        self._redacted = redacted
        self._unsettled = dict(unsettled or {})
        self._met = 0
        self.new = self.known = 0
        with database.read() as tx:
            self.head = log.head(tx)

    def take(self, incoming: Iterable[bytes]) -> Iterator[int]:
        """Verify and record these lines (without their newlines); tells after each slice how many came.

        Of a slice with a bad line nothing is recorded; the slices before it stay. Where `incoming` itself
        fails, what came before that is recorded, and its error is passed on. Raises Refused.
        """
        for gathered in self._gathered(incoming):
            self._record(gathered)
            yield self._met

    def finish(self) -> None:
        """What comes has come to its end. Raises Refused when data is gone that nothing accounts for."""
        if self._unsettled:
            raise Refused(f"the data of position {min(self._unsettled)} is gone, and {_NOT_REDACTED}")

    def _gathered(self, incoming: Iterable[bytes]) -> Iterator[list[Line]]:
        gathered: list[Line] = []
        size = 0
        try:
            for line in incoming:
                self._met += 1
                gathered.append(self._read(line))
                size += len(line)
                if len(gathered) == SLICE or size > SLICE_SIZE:
                    yield gathered
                    gathered, size = [], 0
        except Refused:
            raise
        except Exception:
            yield gathered
            raise
        yield gathered

    def _read(self, line: bytes) -> Line:
        try:
            return lines.read(line)
        except BadLine as error:
            raise Refused(f"line {self._met}: {error}") from None

    def _record(self, gathered: list[Line]) -> None:
        new = known = 0
        unsettled = dict(self._unsettled)
        said = self._said(gathered)
        redacting = any(line.event.type == "EventRedacted" for line in gathered)
        with self._database.write(thorough=redacting) as tx:
            end = log.head(tx)
            for line in gathered:
                if line.event.position <= end.position:
                    self._compare(tx, line)
                    known += 1
                else:
                    end = self._append(tx, end, line.event, said)
                    new += 1
                    for body in line.texts.values():
                        log.keep_text(tx, body)
                    self._effect(tx, line.event)
                if line.event.data == REDACTED:
                    unsettled[line.event.position] = line.event.digest
                elif line.event.type == "EventRedacted":
                    _settle(unsettled, line.event)
        if redacting:
            self._database.forget()
        self.head, self._unsettled = end, unsettled
        self.new += new
        self.known += known

    def _said(self, gathered: Sequence[Line]) -> Mapping[int, str] | None:
        """What is said to be redacted further on, where that can be known. It may mean to read a file, so it
        is asked only where data is gone, and before the transaction."""
        gone = any(line.event.data == REDACTED for line in gathered)
        return self._redacted() if gone and self._redacted else None

    def _compare(self, tx: Tx, line: Line) -> None:
        """What we have already must be the same; a payload that is redacted here or there makes no
        difference."""
        theirs = line.event
        if (ours := log.get(tx, theirs.position)) is None:
            raise Refused(f"our own log has no position {theirs.position}: `communique verify` tells more")
        if replace(theirs, data=ours.data) != ours:
            raise AnotherHistory(theirs.position, ours.chain, theirs.chain)
        if ours.data != REDACTED:
            for body in line.texts.values():
                log.keep_text(tx, body)

    def _append(self, tx: Tx, end: Head, event: Recorded, said: Mapping[int, str] | None) -> Head:
        if event.position != end.position + 1:
            raise Refused(f"position {event.position} comes where {end.position + 1} would have to")
        row = tx.execute("SELECT MAX(version) AS v FROM events WHERE stream = ?", (event.stream,)).fetchone()
        if event.version != (row["v"] or 0) + 1:
            raise Refused(f"position {event.position}: its version does not follow in its stream")
        if log.link(end.chain, event) != event.chain:
            raise Refused(f"position {event.position}: its chain does not follow from the one before")
        if event.data == REDACTED and said is not None and said.get(event.position) != event.digest:
            raise Refused(f"position {event.position}: its data is gone, and {_NOT_REDACTED}")
        log.insert(tx, event)
        return Head(event.position, event.chain, event.recorded_at)

    def _effect(self, tx: Tx, event: Recorded) -> None:
        """Bring the read model up to the event; one of a type from a later version has no effect here."""
        if event.data == REDACTED:
            return
        if event.type == "EventRedacted":
            named = log.get(tx, event.payload["position"])
            if named and named.digest == event.payload["digest"] and named.data != REDACTED:
                redaction.redact_payload(tx, named.position)
        try:
            effects.apply(tx, event)
        except StorageError as error:
            raise Refused(f"position {event.position}: it cannot be shown: {error}") from None


_NOT_REDACTED = "no later event says that it was redacted"


def _settle(unsettled: dict[int, str], redaction: Recorded) -> None:
    """An EventRedacted accounts for the event that it names."""
    stated = redaction.payload
    if stated and unsettled.get(stated["position"]) == stated["digest"]:
        del unsettled[stated["position"]]
