"""The ways a message can leave: one file each."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol, TextIO

from notifier.channels.console import Console
from notifier.channels.email import Email


class Channel(Protocol):
    """Something that can carry a message."""

    def send(self, message: EmailMessage, recipient: str) -> None:
        """Hand the message over to go to this address, or raise notifier.errors.DeliveryError."""


def open_channel(smtp_url: str, stream: TextIO | None = None) -> Channel:
    """The mail server at this address; when it is empty, the console (or another stream)."""
    return Email(smtp_url) if smtp_url else Console(stream)
