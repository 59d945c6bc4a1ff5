"""The demonstration: the real application over a small world of its own, with no network at all.

Four processes: the government that publishes, the mailbox that receives, and the application's own two as
its Procfile starts them. Everything is on 127.0.0.1 and in a temporary folder; Ctrl-C ends it all.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from honcho.environ import parse as parse_environment  # type: ignore[import-untyped]
from honcho.environ import parse_procfile

from tests.world.feeds import sources_toml
from tests.world.processes import Processes

ROOT = Path(__file__).resolve().parents[2]
POLL_MINUTES = 0.03  # each feed about every two seconds


@dataclass(frozen=True)
class Ports:
    """Where everything listens, on 127.0.0.1."""

    app: int
    smtp: int
    inbox: int
    government: int

    def taken(self) -> list[str]:
        """A line for each port that another program holds, or that is asked for twice."""
        lines, seen = [], set()
        for name, port in vars(self).items():
            option = f"--{name}-port" if name != "app" else "PORT or --app-port"
            if port in seen or not _free(port):
                lines.append(f"port {port} ({name}) is taken: choose another with {option}")
            seen.add(port)
        return lines


def main() -> int:
    """Runs the demonstration until it is told to stop; gives the exit status."""
    # Until the processes are there to be ended in order, both signals simply end this one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    ports, every = asked(sys.argv[1:], os.environ)
    if lines := ports.taken():
        print("\n".join(f"demo: {line}" for line in lines), file=sys.stderr)
        return 1
    commands = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
    with tempfile.TemporaryDirectory(prefix="communique-demo-", ignore_cleanup_errors=True) as folder:
        environment = environment_for(ports, Path(folder), os.environ)
        app, inbox, government = addresses(ports)
        processes = Processes(
            first={"government": government, "mailbox": inbox},
            ready=[app],
            announcement=announcement(ports),
        )
        python = shlex.quote(sys.executable)
        world = {
            "government": f"{python} -m tests.world.government --port {ports.government} --every {every}",
            "mailbox": f"{python} -m tests.world.mailbox --smtp-port {ports.smtp} --http-port {ports.inbox}",
        }
        for name, command in {**world, **commands}.items():
            processes.add_process(name, command, env=environment, cwd=str(ROOT))
        processes.loop()
    if processes.asked_to_stop:
        print("demo: stopped", flush=True)
        return 0
    print(f"demo: {processes.what_ended()}, so everything was stopped", file=sys.stderr)
    return 1


def asked(arguments: list[str], environ: Mapping[str, str]) -> tuple[Ports, float]:
    """The ports and the pace that were asked for."""
    options = argparse.ArgumentParser(prog="python -m tests.world.demo", description=__doc__)
    defaults = {"app": ("PORT", 8000), "smtp": ("SMTP_PORT", 8025), "inbox": ("INBOX_PORT", 8026)}
    defaults["government"] = ("GOVERNMENT_PORT", 8027)
    for name, (variable, port) in defaults.items():
        said = f"or {variable} in the environment; else {port}"
        options.add_argument(f"--{name}-port", type=int, default=environ.get(variable) or port, help=said)
    options.add_argument("--every", type=float, default=4.0, metavar="SECONDS", help="between publications")
    known = options.parse_args(arguments)
    ports = Ports(*(getattr(known, f"{name}_port") for name in defaults))
    return ports, known.every


def environment_for(ports: Ports, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What the processes get: every setting said here, so that neither a shell's nor a .env's leaks in."""
    sources = folder / "sources.toml"
    sources.write_text(sources_toml(f"http://127.0.0.1:{ports.government}", POLL_MINUTES), encoding="utf-8")
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("COMMUNIQUE_") and name not in ("GUNICORN_CMD_ARGS", "WEB_CONCURRENCY")
    }
    # An empty setting says "the default", also where a .env says something else.
    beside = ROOT / ".env"
    written = parse_environment(beside.read_text(encoding="utf-8")) if beside.is_file() else {}
    return {
        **kept,
        **dict.fromkeys((name for name in written if name.startswith("COMMUNIQUE_")), ""),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)]),
        "HOST": "127.0.0.1",
        "PORT": str(ports.app),
        "PYTHONUNBUFFERED": "1",
        "no_proxy": "127.0.0.1,localhost",
        "NO_PROXY": "127.0.0.1,localhost",
        "COMMUNIQUE_PORT": str(ports.app),
        "COMMUNIQUE_BASE_URL": f"http://127.0.0.1:{ports.app}",
        "COMMUNIQUE_LOG_URL": f"sqlite:///{folder / 'log.db'}",
        "COMMUNIQUE_PEOPLE_URL": f"sqlite:///{folder / 'people.db'}",
        "COMMUNIQUE_SOURCES": str(sources),
        "COMMUNIQUE_SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "COMMUNIQUE_MAIL_FROM": "Communiqué <alerts@communique.example>",
        "COMMUNIQUE_OPERATOR_EMAIL": "operator@communique.example",
        "COMMUNIQUE_SECRET_KEY": secrets.token_urlsafe(32),
        "COMMUNIQUE_ALLOW_PRIVATE_NETWORKS": "1",
        "COMMUNIQUE_POLL_SECONDS": "1",
    }


def addresses(ports: Ports) -> list[str]:
    """What has to answer before people are told to look."""
    return [f"http://127.0.0.1:{port}/" for port in (ports.app, ports.inbox, ports.government)]


def announcement(ports: Ports) -> str:
    """The addresses to open."""
    app, inbox, government = addresses(ports)
    return f"""
  Communiqué is running over a small world of its own. Open:

    {app:<34} what governments announce
    {app + "subscribe":<34} subscribe: any address will do, all mail comes to the inbox
    {inbox:<34} the inbox: confirm there, and see alerts arrive
    {government:<34} the government that publishes, and its feeds

  It goes on publishing; soon two governments tell of the UK-India Technology Security Initiative.
  Ctrl-C ends it all.
"""


def _free(port: int) -> bool:
    with socket.socket() as listener:
        # As servers do: a port whose last connections are only lingering is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
