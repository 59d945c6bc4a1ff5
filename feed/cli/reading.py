"""The command that shows what the rules read: extract."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

import click

from feed.cli.shared import main


@main.command()
@click.argument("file", default="-", type=click.File("rb"))
@click.option("--url", default="", help="Where the text stands.")
@click.option("--title", default="", help="Its title, when the text does not begin with it.")
@click.option("--published", help="When it was published: an ISO 8601 date, or date and time.")
@click.option("--batch", is_flag=True, help="FILE holds lines of JSON: id, title, url, published, text.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def extract(file: Any, url: str, title: str, published: str | None, batch: bool, as_json: bool) -> None:
    """What the rules read in a text or HTML page, with evidence; writes nothing."""
    try:
        datetime.fromisoformat(published or "2024-07-24")
    except ValueError as error:
        raise click.BadParameter(f"{published!r} is no ISO 8601 date", param_hint="--published") from error
    if batch:
        for number, line in enumerate(file, 1):
            if line.strip():
                click.echo(json.dumps(_read_line(line, number), ensure_ascii=False))
        return
    reading = _read(file.read().decode("utf-8", "replace"), title, url, published)
    if as_json:
        click.echo(json.dumps(reading, ensure_ascii=False))
    else:
        _print_reading(reading)


def _read(text: str, title: str, url: str, published: str | None) -> dict[str, Any]:
    from feed.extract import extract as read
    from feed.text import page

    found_title, body = page(text)
    title = title or found_title
    if not title and "\n" in body.strip():
        title, _, body = body.strip().partition("\n")
    reading = read(title, body, url=url, published=published)
    return {
        "language": reading.language,
        "subjects": [dataclasses.asdict(found) for found in reading.subjects],
    }


def _read_line(line: bytes, number: int) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise click.ClickException(f"line {number} is no JSON: {error}") from error
    if not isinstance(item, dict):
        raise click.ClickException(f"line {number} is no JSON object")
    given = {name: str(item.get(name) or "") for name in ("title", "url", "text")}
    published = item.get("published")
    reading = _read(given["text"], given["title"], given["url"], str(published) if published else None)
    return {"id": item.get("id"), **reading}


def _print_reading(reading: dict[str, Any]) -> None:
    click.echo(f"language: {reading['language'] or 'unknown'}")
    if not reading["subjects"]:
        click.echo("no initiative and no call")
    for found in reading["subjects"]:
        click.echo(f"\n{found['kind']}: {found['title']}")
        for name in ("technologies", "countries", "bodies"):
            click.echo(f"  {name}: {', '.join(found[name]) or '-'}")
        for money in found["money"]:
            click.echo(f"  money: {money['amount']} {money['currency']} ({money['role']})")
        for name in ("opens", "closes"):
            click.echo(f"  {name}: {found[name] or '-'}")
        for item in found["evidence"]:
            click.echo(f"  because {item['field']} [{item['rule']}]: “{item['quote']}”")
