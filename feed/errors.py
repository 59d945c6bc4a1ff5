"""What can go wrong between a government's server and the log, in words for the operator."""


class SourceError(Exception):
    """A source could not be read this time; the message says what is wrong, in one line. `status` is the
    HTTP status of an answer that is none."""

    status: int | None = None


class SourceGone(SourceError):
    """The source says that it is over (HTTP 410, or a last entry that says so): do not ask again."""


class SourceBusy(SourceError):
    """The source asks us to come back later; `retry_after` is its header as it stands (RFC 9110, 10.2.3)."""

    def __init__(self, message: str, retry_after: str) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AddressRefused(SourceError):
    """An address that is not asked: no http or https, a password in it, or a port that nobody named."""


class PrivateAddress(AddressRefused):
    """The connected socket leads to a private, loopback or otherwise not public address."""


class TooSlow(SourceError):
    """The whole answer took too long, however steadily it came."""


class TooSilent(SourceError):
    """No byte came for too long."""


class TooLarge(SourceError):
    """The body is larger than is read: on the wire, or when decompressed."""


class HeadTooLarge(SourceError):
    """The head of the answer is larger than is read."""


class TooManyRedirects(SourceError):
    """Redirects lead on and on."""


class NotAFeed(SourceError):
    """The answer can be read, but it is no feed."""


class NotAPage(SourceError):
    """What an announcement links to is no page that can be read: a PDF, a picture, nothing at all."""


class ShapeChanged(NotAFeed):
    """An interface or a list page that we read is no longer built as it was."""


class BotWall(NotAFeed):
    """A machine in front of the server takes us for an attacker and answers instead of it."""


class UnderMaintenance(NotAFeed):
    """The server says that it is being worked on."""
