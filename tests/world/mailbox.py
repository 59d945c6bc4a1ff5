"""A mailbox that receives: a real SMTP server on 127.0.0.1 that keeps what it gets in memory.

    with Mailbox() as mailbox:
        …  # send to mailbox.smtp_port
        mailbox.wait_for(lambda messages: len(messages) == 1)

As a process, with an inbox to look at: `python -m tests.world.mailbox --smtp-port 8025 --http-port 8026`.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session


class Received(EmailMessage):
    """A message as it arrived, with what was said outside of it."""

    envelope_from: str
    envelope_rcpt: tuple[str, ...]
    received_at: datetime
    raw: bytes


class Mailbox:
    """The server: in a `with` block it listens, in a thread of its own."""

    def __init__(self, smtp_port: int = 0) -> None:
        self.messages: list[Received] = []
        self._changed = threading.Condition()
        self._refusals: dict[str, str] = {}
        self._asked_port = smtp_port
        self.smtp_port = smtp_port

    @property
    def smtp_url(self) -> str:
        """For COMMUNIQUE_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.smtp_port}"

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(timeout=5)
        except OSError:
            self._end()
            raise
        self.smtp_port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=5)
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self, address: str, code: int = 550, text: str = "not accepted here") -> None:
        """Answers 4yz or 5yz for a recipient from now on; "*" is everybody."""
        with self._changed:
            self._refusals[address.lower()] = f"{code} {text}"

    def accept(self, address: str) -> None:
        """Takes back a refusal."""
        with self._changed:
            self._refusals.pop(address.lower(), None)

    def wait_for(self, predicate: Callable[[Sequence[Received]], bool], timeout: float = 10.0) -> bool:
        """Waits until the messages satisfy a predicate; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: predicate(self.messages), timeout)

    def to(self, address: str) -> list[Received]:
        """The messages for one address, oldest first."""
        with self._changed:
            return [m for m in self.messages if address.lower() in map(str.lower, m.envelope_rcpt)]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd for each recipient."""
        with self._changed:
            refusal = self._refusals.get(address.lower()) or self._refusals.get("*")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd with the whole message."""
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = cast(Received, message_from_bytes(raw, _class=Received, policy=policy.default))
        message.envelope_from = envelope.mail_from or ""
        message.envelope_rcpt = tuple(envelope.rcpt_tos)
        message.received_at = datetime.now(UTC)
        message.raw = raw
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
        return "250 OK, kept"

    async def _listen(self) -> asyncio.Server:
        def connection() -> SMTP:
            return SMTP(self, hostname="mailbox.localhost", ident="mailbox", enable_SMTPUTF8=True)

        return await asyncio.get_running_loop().create_server(connection, "127.0.0.1", self._asked_port)

    async def _close(self) -> None:
        self._server.close()
        # Connections that are still open end here, so that no task outlives the loop.
        open_tasks: list[asyncio.Task[Any]] = [
            task for task in asyncio.all_tasks() if task is not asyncio.current_task()
        ]
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)


def main() -> None:
    """The mailbox and its inbox page, until it is told to stop."""
    from tests.world.inbox import Inbox  # the inbox knows the mailbox, not the other way round
    from tests.world.stopping import until_stopped

    options = argparse.ArgumentParser(prog="python -m tests.world.mailbox", description=__doc__)
    options.add_argument("--smtp-port", type=int, default=8025)
    options.add_argument("--http-port", type=int, default=8026)
    asked = options.parse_args()

    def say(messages: Sequence[Received], said: int) -> int:
        for message in messages[said:]:
            print(f"for {', '.join(message.envelope_rcpt)}: {message.get('Subject', '')}", flush=True)
        return len(messages)

    with (
        until_stopped() as stopped,
        Mailbox(asked.smtp_port) as mailbox,
        Inbox(mailbox, asked.http_port) as inbox,
    ):
        print(f"receiving on {mailbox.smtp_url}, inbox on {inbox.url}", flush=True)
        said = 0
        while not stopped.wait(0.2):
            said = say(tuple(mailbox.messages), said)


if __name__ == "__main__":
    main()
