"""What can go wrong between a government's server and the log, in words for the operator."""


class SourceError(Exception):
    """A source could not be read this time; the message says what is wrong, in one line."""


class SourceGone(SourceError):
    """The source says that it is over (HTTP 410, or a last entry that says so): do not ask again."""


class SourceBusy(SourceError):
    """The source asks us to come back later; `retry_after` is its header as it stands (RFC 9110, 10.2.3)."""

    def __init__(self, message: str, retry_after: str) -> None:
        super().__init__(message)
        self.retry_after = retry_after
