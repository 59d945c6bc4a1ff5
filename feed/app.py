"""Wiring: the web application over one installation's settings.

One of three modules that may import both feed and notifier (with worker and cli).
"""

from __future__ import annotations

from flask import Flask, Response, current_app, make_response, render_template
from werkzeug.exceptions import HTTPException

import feed.callbacks
import feed.pages
import notifier.pages
from feed import settings as settings_module
from feed import source
from feed.settings import Settings
from notifier.tokens import Tokens
from storage.database import open_database
from storage.errors import StorageError
from storage.filters import FilterError

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(settings: Settings | None = None) -> Flask:
    """The application, ready to serve. Raises SettingsError or StorageError when it cannot be."""
    settings = settings or settings_module.load()
    sources = source.Catalogue(*settings.catalogue)
    log_db = open_database(settings.log_url, "log")
    people_db = open_database(settings.people_url, "people")
    app = Flask("feed", static_folder=None, template_folder=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["databases"] = (log_db, people_db)
    app.register_blueprint(feed.pages.blueprint(log_db, sources, settings.base_url))
    app.register_blueprint(feed.callbacks.blueprint(log_db, sources, settings.secret_key))
    app.register_blueprint(notifier.pages.blueprint(log_db, people_db, Tokens(settings.secret_key)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(FilterError, lambda error: _error(400, str(error)))
    app.register_error_handler(StorageError, _storage_error)
    app.after_request(_secured)
    return app


def _http_error(error: HTTPException) -> Response:
    response = _error(error.code or 500, error.description or error.name)
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")
    )
    return response


def _storage_error(error: StorageError) -> Response:
    # The words go to the operator's log: a path or a query is nothing for strangers.
    current_app.logger.error("%s", error)
    return _error(503, "The database cannot be read at the moment. Please try again in a minute.")


def _error(code: int, words: str) -> Response:
    return make_response(render_template("error.html", code=code, words=words), code)


def _secured(response: Response) -> Response:
    for name, value in SECURITY.items():
        response.headers.setdefault(name, value)
    return response
