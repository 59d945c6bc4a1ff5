"""E-mail by SMTP. The only module that may import smtplib.

May not decide whether to try again: it says whether a refusal is for good.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from notifier.errors import DeliveryError

SECONDS = 30


class Email:
    """A mail server, as COMMUNIQUE_SMTP_URL names it: smtp://, smtp+starttls:// or smtps://."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._scheme, self._host = parts.scheme, parts.hostname or "localhost"
        self._port = parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    def send(self, message: EmailMessage, recipient: str) -> None:
        """Hand the message over; returns when the server has accepted it.

        Raises DeliveryError: permanent when the server refuses the recipient or the message with a 5yz
        reply (RFC 5321, section 4.2.1), else worth another try.
        """
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            # Whatever keeps us from the server, a wrong password included, is no fault of the recipient.
            raise DeliveryError(f"mail server {self._host}:{self._port}: {error}", permanent=False) from error
        try:
            server.send_message(message, parseaddr(message["From"])[1], [recipient])
        except smtplib.SMTPSenderRefused as error:
            # So is a sender that the server does not know, or that should have logged in.
            raise _refused(error.smtp_code, error.smtp_error, permanent=False) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise _refused(code, reply) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"mail server {self._host}:{self._port}: {error}", permanent=False) from error
        finally:
            _leave(server)

    def _connect(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
        try:
            if self._scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _refused(code: int, reply: bytes | str, *, permanent: bool = True) -> DeliveryError:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    final = permanent and 500 <= code < 600
    return DeliveryError(f"{code} {words}", permanent=final, brief=f"refused with {code}")


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        pass  # the message was accepted or refused before: how the talk ends changes nothing
    finally:
        server.close()
