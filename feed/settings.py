"""What the operator decides: the only reader of the environment (and of a `.env` file beside it).

May not open databases or sockets.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from email.utils import getaddresses, parseaddr
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

PREFIX = "COMMUNIQUE_"

_PRIVATE_NAMES = ("localhost", "local", "internal", "localdomain", "lan", "home", "arpa")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and says what to do."""


@dataclass(frozen=True)
class Settings:
    """The installation's settings, checked. Durations in seconds."""

    log_url: str = "sqlite:///data/log.db"
    people_url: str = "sqlite:///data/people.db"
    sources: str = ""
    base_url: str = "http://127.0.0.1:8000"
    smtp_url: str = ""
    mail_from: str = "Communiqué <communique@localhost>"
    secret: str = ""
    allow_private_networks: bool = False
    poll_seconds: float = 5
    operator_email: str = ""
    threads: int = 16
    host_connections: int = 2
    host_seconds: float = 1

    @property
    def operators(self) -> tuple[str, ...]:
        """The operator's addresses, perhaps none."""
        return tuple(address for _, address in getaddresses([self.operator_email]) if address)

    @cached_property
    def secret_key(self) -> str:
        """What tokens are signed with: COMMUNIQUE_SECRET_KEY, or one made once and kept beside people.db."""
        return self.secret or _kept_secret(self._beside(self.people_url, "secret_key"))

    @property
    def reachable(self) -> bool:
        """Whether the world can call us at the base URL, as far as its name tells; always where private
        networks are allowed."""
        return self.allow_private_networks or _is_public(urlsplit(self.base_url).hostname or "")

    @property
    def catalogue(self) -> tuple[str, ...]:
        """The files of the catalogue, for feed.source.load: the operator's own, or the built-in one ('')
        and beside log.db the operator's additions to it. New sources are written to the last of them."""
        if self.sources:
            return (self.sources,)
        return ("", str(self._beside(self.log_url, "sources.toml")))

    @property
    def files(self) -> tuple[Path, ...]:
        """What belongs to the data beside the databases: the secret key that was made, and the sources that
        the operator added. They need not be there."""
        key, additions = self._beside(self.people_url, "secret_key"), Path(self.catalogue[-1])
        return (*(() if self.secret else (key,)), *(() if self.sources else (additions,)))

    @staticmethod
    def _beside(url: str, name: str) -> Path:
        return Path(url.removeprefix("sqlite:///")).parent / name

    def shown(self) -> list[tuple[str, str]]:
        """Names and values for `communique doctor`, secrets masked."""
        return [(_variable(field.name), self._shown(field.name)) for field in fields(self)]

    def _shown(self, name: str) -> str:
        value = getattr(self, name)
        if name == "secret":
            return "set" if value else "made and kept beside people.db"
        if name == "smtp_url":
            return _masked(value) or "not set: mail goes to the console"
        if isinstance(value, bool):
            return str(int(value))
        return str(value) or "not set"


_NAMES = {"secret": "SECRET_KEY"}


def _variable(name: str) -> str:
    return PREFIX + _NAMES.get(name, name.upper())


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from `environment` (default: the process's, over a `.env` file in this folder).

    Raises SettingsError for a value that cannot be used.
    """
    if environment is None:
        environment = {**_env_file(), **os.environ}
    given = {
        field.name: environment[_variable(field.name)].strip()
        for field in fields(Settings)
        if environment.get(_variable(field.name), "").strip()
    }
    if given.get("log_url", Settings.log_url) == given.get("people_url", Settings.people_url):
        raise SettingsError("COMMUNIQUE_LOG_URL and COMMUNIQUE_PEOPLE_URL are the same file: use two")
    port = environment.get(PREFIX + "PORT", "").strip()
    base_url = given.get("base_url") or f"http://127.0.0.1:{port or 8000}"
    private = _flag("allow_private_networks", given.get("allow_private_networks", "0"))
    threads = int(_number("threads", given.get("threads", "16"), least=1, most=256))
    # A network of one's own needs no manners, unless they are asked for.
    connections, seconds = (str(threads), "0") if private else ("2", "1")
    connections = given.get("host_connections", connections)
    seconds = given.get("host_seconds", seconds)
    return Settings(
        log_url=given.get("log_url", Settings.log_url),
        people_url=given.get("people_url", Settings.people_url),
        sources=given.get("sources", ""),
        base_url=_web_address("base_url", base_url).rstrip("/"),
        smtp_url=_smtp_address(given.get("smtp_url", "")),
        mail_from=_mail_from(given.get("mail_from", Settings.mail_from)),
        secret=given.get("secret", ""),
        allow_private_networks=private,
        poll_seconds=_number("poll_seconds", given.get("poll_seconds", "5"), least=0.1, most=86_400),
        operator_email=_operator_email(given.get("operator_email", "")),
        threads=threads,
        host_connections=int(_number("host_connections", connections, least=1, most=256)),
        host_seconds=_number("host_seconds", seconds, least=0, most=3600),
    )


def _flag(name: str, value: str) -> bool:
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise SettingsError(f"{_variable(name)} is {value!r}: use 1 or 0")


def _number(name: str, value: str, *, least: float, most: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise SettingsError(f"{_variable(name)} is {value!r}: use a number from {least:g} to {most:g}")
    return number


def _web_address(name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise SettingsError(
            f"{_variable(name)} is {value!r}: use an address such as https://alerts.example.org"
        )
    return value


def _is_public(host: str) -> bool:
    """Whether a host's name or address can mean the same everywhere."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        host = host.rstrip(".").lower()
        return "." in host and host.rpartition(".")[2] not in _PRIVATE_NAMES


def _smtp_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        sound = (
            parts.scheme in ("smtp", "smtp+starttls", "smtps") and bool(parts.hostname) and parts.port != 0
        )
    except ValueError:
        sound = False
    if value and not sound:
        raise SettingsError(
            f"{_variable('smtp_url')} is {_masked(value)!r}: use smtp://, smtp+starttls:// or smtps://, with "
            "special characters of user and password percent-encoded (/ is %2F)"
        )
    return value


def _operator_email(value: str) -> str:
    if value and not all(re.fullmatch(_ADDRESS, address) for _, address in getaddresses([value])):
        raise SettingsError(
            f"{_variable('operator_email')} is {value!r}: use an address such as operator@example.org, "
            "or several separated by commas"
        )
    return value


_ADDRESS = r"(?!.*=\?)[^@\s<>,]+@[^@\s<>,]+"
"""Nothing that a mail header would take for an encoded word (RFC 2047) either."""


def _mail_from(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", parseaddr(value)[1]):
        raise SettingsError(
            f"{_variable('mail_from')} is {value!r}: use an address such as Communiqué <alerts@example.org>"
        )
    return value


def _masked(url: str) -> str:
    """The address without its password, whatever else is wrong with it."""
    return re.sub(r"//([^:/@]*):.*@", r"//\1:****@", url)


def _env_file() -> dict[str, str]:
    try:
        return {name: value for name, value in dotenv_values(".env").items() if value is not None}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the file .env cannot be read: {error}") from error


def _kept_secret(file: Path) -> str:
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            _make_secret(file)
        kept = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"cannot keep a secret key in {file}: {error.strerror}; "
            f"make it writable, or set {PREFIX}SECRET_KEY"
        ) from error
    if not kept:
        raise SettingsError(f"{file} is empty: put the one of a backup there, or remove it for a new one")
    return kept


def _make_secret(file: Path) -> None:
    """Only one of several starting processes makes it; the others read it whole."""
    made = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as fresh:
            fresh.write(secrets.token_urlsafe(32))
            fresh.flush()
            os.fsync(fresh.fileno())  # links in mails depend on it: a power cut may not take it
        os.link(made, file)
    except FileExistsError:
        pass
    finally:
        made.unlink(missing_ok=True)
