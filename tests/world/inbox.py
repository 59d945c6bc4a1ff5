"""The mailbox as pages: a list of what came, newest first, and one message as a mail program shows it.

Everything on the pages is their own; the HTML of a message is shown in a sandbox, where it can open links
and do nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.message import EmailMessage
from html import escape

from tests.world.mailbox import Mailbox, Received
from tests.world.web import HTML, Answer, Site

_STYLE = """
:root { --ink: #1b2430; --soft: #667085; --line: #e3e7ee; --paper: #fff; --ground: #f4f6fa; --blue: #1f5fbf }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground) }
header { background: var(--paper); border-bottom: 1px solid var(--line) }
header div, main { max-width: 60rem; margin: 0 auto; padding: .9rem 1.1rem }
header div { display: flex; align-items: baseline; gap: .8rem } header span { color: var(--soft) }
h1 { font-size: 1.15rem; margin: 0 } h1 a { color: inherit; text-decoration: none }
h2 { font-size: 1.35rem; line-height: 1.25; margin: .4rem 0 1rem; overflow-wrap: anywhere }
h3 { font-size: .8rem; color: var(--soft); margin: 1.4rem 0 .4rem; text-transform: uppercase }
a { color: var(--blue) }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden }
.row { display: grid; grid-template-columns: 14rem 1fr auto; gap: .2rem 1rem; padding: .7rem 1rem;
  border-top: 1px solid var(--line); color: inherit; text-decoration: none }
.row:first-child { border-top: 0 } .row:hover { background: #f0f5fd }
.row b { font-weight: 600; overflow-wrap: anywhere }
.row time, .row .to { color: var(--soft); font-size: .9rem }
.to, .begins { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0 }
.begins { grid-column: 2; color: var(--soft); font-size: .9rem }
.empty { padding: 2.5rem 1rem; text-align: center; color: var(--soft) }
table { width: 100%; border-collapse: collapse; font-size: .9rem }
td, th { padding: .35rem 1rem; text-align: left; vertical-align: top }
td, th { border-top: 1px solid var(--line); overflow-wrap: anywhere }
tr:first-child > * { border-top: 0 } th { width: 12rem; color: var(--soft); font-weight: 500 }
iframe { display: block; width: 100%; border: 0; background: #fff; resize: vertical }
pre { margin: 0; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem }
button { font: inherit; padding: .35rem .9rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--paper); color: var(--ink); cursor: pointer }
.bar { display: flex; justify-content: space-between; align-items: center; gap: 1rem }
@media (max-width: 40rem) {
  .row { grid-template-columns: 1fr auto } .row b, .begins { grid-column: 1 / -1 } .row b { grid-row: 2 }
  table, tbody, tr, td, th { display: block; width: auto }
  td { border: 0; padding-top: 0 } th { padding-bottom: 0 }
}
"""
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")
# Links open in a window of their own, outside of the sandbox; nothing else gets out, and nothing comes in.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_POLICY = f"sandbox {_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_FRESH = {"Cache-Control": "no-store"}


class Inbox(Site):
    """The pages of a mailbox: in a `with` block they are served."""

    def __init__(self, mailbox: Mailbox, port: int = 0) -> None:
        super().__init__(lambda path: answer(list(mailbox.messages), path), port=port)


def answer(messages: list[Received], path: str) -> Answer:
    """What stands at a path of the inbox."""
    path = path.partition("?")[0]
    if path == "/":
        return _page(list_page(messages))
    if path == "/messages.json":
        return Answer(messages_json(messages).encode(), "application/json", headers=_FRESH)
    match = re.fullmatch(r"/messages/(\d+)(\.html)?", path)
    if not match or not 1 <= int(match[1]) <= len(messages):
        return _page(_layout("Not found", "", '<p class="empty">There is no such message.</p>'), status=404)
    number = int(match[1])
    if match[2]:
        return _page(html_page(messages[number - 1]), headers={"Content-Security-Policy": _POLICY})
    return _page(message_page(number, messages[number - 1]))


def list_page(messages: list[Received]) -> str:
    """All messages, newest first; it looks again every two seconds."""
    rows = [_row(number, message) for number, message in enumerate(messages, 1)][::-1]
    text = "".join(rows) or '<p class="empty">Nothing yet. What Communiqué sends will appear here.</p>'
    count = f"{len(messages)} message{'' if len(messages) == 1 else 's'}"
    return _layout(f"Inbox ({len(messages)})", count, f'<div class="card">{text}</div>', refresh=True)


def message_page(number: int, message: Received) -> str:
    """One message: its headers, its HTML part in a sandbox, its text part with links to follow."""
    subject = message.get("Subject", "(no subject)")
    envelope = [("Envelope from", message.envelope_from), ("Envelope to", ", ".join(message.envelope_rcpt))]
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{linked(str(value))}</td></tr>"
        for name, value in [*message.items(), *envelope]
    )
    parts = [f'<div class="bar"><a href="/">All messages</a>{_unsubscribe(message)}</div>']
    parts.append(f"<h2>{escape(subject)}</h2>")
    text = body_of(message, "plain")
    if body_of(message, "html") is not None:
        parts.append(
            f'<div class="card"><iframe sandbox="{_SANDBOX}" src="/messages/{number}.html" '
            f'style="height: {_height(text or "")}rem" title="HTML part"></iframe></div>'
        )
    if text is not None:
        parts.append(f'<h3>Text</h3><div class="card"><pre>{linked(text)}</pre></div>')
    parts.append(f'<h3>Headers</h3><div class="card"><table>{rows}</table></div>')
    return _layout(subject, f"message {number}", "".join(parts))


def html_page(message: Received) -> str:
    """The HTML part, made to open its links in new windows."""
    html = body_of(message, "html") or ""
    base = '<base target="_blank">'
    head = re.search(r"<head[^>]*>", html, re.IGNORECASE)
    return html[: head.end()] + base + html[head.end() :] if head else base + html


def messages_json(messages: list[Received]) -> str:
    """All messages for programs, oldest first."""
    listed = [
        {
            "number": number,
            "from": message.envelope_from,
            "to": list(message.envelope_rcpt),
            "subject": str(message.get("Subject", "")),
            "received_at": message.received_at.isoformat(),
            "headers": [[name, str(value)] for name, value in message.items()],
            "text": body_of(message, "plain"),
            "html": body_of(message, "html"),
        }
        for number, message in enumerate(messages, 1)
    ]
    return json.dumps(listed, ensure_ascii=False, indent=1)


def body_of(message: EmailMessage, subtype: str) -> str | None:
    """The text of a message's plain or HTML part."""
    part = message.get_body((subtype,))
    return None if part is None else str(part.get_content())


def linked(text: str) -> str:
    """Text as HTML, with its web addresses made into links."""
    pieces, at = [], 0
    for match in _LINK.finditer(text):
        url = escape(match[0])
        pieces.append(f'{escape(text[at : match.start()])}<a href="{url}" target="_blank">{url}</a>')
        at = match.end()
    return "".join(pieces) + escape(text[at:])


def _row(number: int, message: Received) -> str:
    words = " ".join((body_of(message, "plain") or "").split())
    people = ", ".join(message.envelope_rcpt)
    return (
        f'<a class="row" href="/messages/{number}"><span class="to">{escape(people)}'
        f"</span><b>{escape(message.get('Subject', '(no subject)'))}</b>"
        f'<time>{message.received_at.astimezone():%H:%M:%S}</time><span class="begins">'
        f"{escape(words[:140])}</span></a>"
    )


def _height(text: str) -> int:
    # A page cannot measure what is in a sandbox; the length of the same words as text comes close.
    lines = sum(1 + len(line) // 60 for line in text.splitlines())
    return min(60, max(16, 8 + 2 * lines))


def _unsubscribe(message: Received) -> str:
    """The button that mail programs show for one-click unsubscription (RFC 8058): it posts, by itself."""
    url = re.search(r"<(https?://[^>]+)>", str(message.get("List-Unsubscribe", "")))
    if not url or "One-Click" not in str(message.get("List-Unsubscribe-Post", "")):
        return ""
    return (
        f'<form method="post" action="{escape(url[1])}" target="_blank">'
        '<input type="hidden" name="List-Unsubscribe" value="One-Click"><button>Unsubscribe</button></form>'
    )


def _layout(title: str, note: str, text: str, refresh: bool = False) -> str:
    again = '<meta http-equiv="refresh" content="2">' if refresh else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">{again}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><header><div>"
        f'<h1><a href="/">Inbox</a></h1><span>{escape(note)}</span></div></header>'
        f"<main>{text}</main></body></html>"
    )


def _page(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(text.encode(), HTML, status, {**_FRESH, **(headers or {})})
