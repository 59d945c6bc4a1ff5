"""From events to a message that a person can read, in text and in HTML.

Pure: no clock, no network, no database; the templates are read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, select_autoescape

from notifier.tokens import Tokens
from storage import wording
from storage.catalogue import Entry
from storage.outbox import Batch
from storage.people import Subscription
from storage.plain import line, shorten

SUBJECT_CHARACTERS = 150
_CHANGES = frozenset({"InitiativeChanged", "CallChanged"})
CADENCES = {"immediate": "at once", "daily": "once a day", "weekly": "once a week"}


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all messages of an installation share."""

    base_url: str
    mail_from: str
    tokens: Tokens

    @property
    def domain(self) -> str:
        """The right side of Message-ID and List-Id."""
        return (
            parseaddr(self.mail_from)[1].rpartition("@")[2] or urlsplit(self.base_url).hostname or "localhost"
        )

    def confirm_url(self, subscription: str) -> str:
        """Where a subscription is confirmed."""
        return f"{self.base_url}/subscriptions/confirm/{self.tokens.to_confirm(subscription)}"

    def manage_url(self, subscription: str) -> str:
        """Where a subscription is changed."""
        return f"{self.base_url}/subscriptions/{self.tokens.to_manage(subscription)}"

    def unsubscribe_url(self, subscription: str) -> str:
        """Where a subscription is ended, by a person (GET, then a button) or a mail program (POST)."""
        return f"{self.base_url}/unsubscribe/{self.tokens.to_manage(subscription)}"


def alert(
    letterhead: Letterhead, subscription: Subscription, batch: Batch, entries: Sequence[Entry], now: datetime
) -> EmailMessage:
    """The message that carries these events to one subscription."""
    first = entries[0]
    title = f"{wording.EVENTS[first.event.type]}: {first.subject.title}"
    if len(entries) > 1:
        title = f"{len(entries)} announcements: {first.subject.title} and {len(entries) - 1} more"
    message = addressed(letterhead, subscription.email, batch.id, title, now)
    unsubscribe = letterhead.unsubscribe_url(subscription.id)
    message["List-Id"] = f"Communique alerts <alerts.{letterhead.domain}>"  # RFC 2919
    message["List-Unsubscribe"] = f"<{unsubscribe}>"  # RFC 2369
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return written(
        message,
        "alert",
        items=[_item(letterhead, entry) for entry in entries],
        wish=wording.stored_wish(subscription.filter),
        cadence=CADENCES[subscription.cadence],
        base_url=letterhead.base_url,
        manage_url=letterhead.manage_url(subscription.id),
        unsubscribe_url=unsubscribe,
    )


def confirmation(
    letterhead: Letterhead, subscription: Subscription, batch: Batch, now: datetime
) -> EmailMessage:
    """The message that asks whether this address really wants the subscription."""
    confirmed = subscription.confirmed_at is not None
    title = "You are subscribed already" if confirmed else "Please confirm your subscription"
    message = addressed(letterhead, subscription.email, batch.id, title, now)
    return written(
        message,
        "confirmation",
        confirmed=confirmed,
        wish=wording.stored_wish(subscription.filter),
        cadence=CADENCES[subscription.cadence],
        base_url=letterhead.base_url,
        confirm_url=letterhead.confirm_url(subscription.id),
        manage_url=letterhead.manage_url(subscription.id),
    )


def addressed(letterhead: Letterhead, recipient: str, key: str, title: str, now: datetime) -> EmailMessage:
    """A message without a body. `key` makes its Message-ID: the same for the same message, sent again."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = letterhead.mail_from
    message["To"] = recipient
    message["Subject"] = _subject(title)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{key}@{letterhead.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834
    return message


def _subject(title: str) -> str:
    """A title as a header can carry it. Whatever looks like an encoded word (RFC 2047) is broken up: the
    email package would decode it, and what is hidden inside (line ends, headers) would come to light."""
    return shorten(line(title).replace("=?", "= ?"), SUBJECT_CHARACTERS)


class _Whole(UnstructuredHeader):
    """A header that is for programs: never folded, never encoded."""

    name: str

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    for name in ("list-id", "list-unsubscribe", "list-unsubscribe-post", "message-id", "auto-submitted"):
        registry.map_to_type(name, _Whole)  # type: ignore[arg-type]  # it adds BaseHeader itself
    return SMTP.clone(header_factory=registry)


_POLICY = _policy()


def written(message: EmailMessage, template: str, **facts: Any) -> EmailMessage:
    """The message with its text and its HTML, from the templates of this name."""
    templates = _templates()
    message.set_content(
        templates.get_template(f"mail/{template}.txt").render(title=message["Subject"], **facts)
    )
    html = templates.get_template(f"mail/{template}.html").render(title=message["Subject"], **facts)
    message.add_alternative(html, subtype="html")
    return message


def _item(letterhead: Letterhead, entry: Entry) -> dict[str, Any]:
    """An event as the templates show it. A change comes without the summary, which may still say what was."""
    subject, payload = entry.subject, entry.event.payload
    quotes = dict.fromkeys(item.quote for item in entry.evidence if item.field in ("kind", "money", "closes"))
    return {
        "what": wording.EVENTS[entry.event.type],
        "title": subject.title,
        "summary": "" if entry.event.type in _CHANGES else subject.summary,
        "facts": [
            *((f"Changed {name}", f"{before} → {after}") for name, before, after in wording.changes(payload)),
            *wording.facts(subject),
        ],
        "quotes": list(quotes)[:3],
        "reason": payload.get("reason"),
        "url": payload.get("url") or subject.url,
        "story_url": f"{letterhead.base_url}/subjects/{subject.id}",
    }


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("notifier"),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        trim_blocks=True,
        lstrip_blocks=True,
    )
