"""Messages printed instead of sent: what happens when no mail server is configured."""

from __future__ import annotations

import sys
from email.message import EmailMessage
from typing import TextIO


class Console:
    """Prints the headers that matter and the text part."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: EmailMessage, recipient: str) -> None:
        """Print the message."""
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        headers = "\n".join(f"{name}: {message[name]}" for name in ("Subject", "Message-ID"))
        stream = self._stream or sys.stdout
        stream.write(
            f"--- not sent: no COMMUNIQUE_SMTP_URL is set ---\nTo: {recipient}\n{headers}\n\n{text}\n"
        )
        stream.flush()
