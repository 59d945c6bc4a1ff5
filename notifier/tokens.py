"""The links that let a person act without logging in: signed, bound to one purpose, without an address.

Pure but for the clock that itsdangerous reads to tell a stale token.
"""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, SignatureExpired, URLSafeSerializer, URLSafeTimedSerializer

CONFIRM_SECONDS = 7 * 24 * 3600


class StaleToken(ValueError):
    """The token was ours, but its time has passed."""


class ForgedToken(ValueError):
    """The token is not ours, or is not whole."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens for subscription ids."""

    secret: str

    def to_confirm(self, subscription: str) -> str:
        """A token that confirms a subscription; good for seven days."""
        return URLSafeTimedSerializer(self.secret, salt="confirm").dumps(subscription)

    def to_manage(self, subscription: str) -> str:
        """A token that changes or ends a subscription; good for as long as the subscription is."""
        return str(URLSafeSerializer(self.secret, salt="manage").dumps(subscription))

    def confirming(self, token: str) -> str:
        """The subscription that this token confirms. Raises StaleToken or ForgedToken."""
        try:
            return str(URLSafeTimedSerializer(self.secret, salt="confirm").loads(token, CONFIRM_SECONDS))
        except SignatureExpired as error:
            raise StaleToken from error
        except BadSignature as error:
            raise ForgedToken from error

    def managing(self, token: str) -> str:
        """The subscription that this token manages. Raises ForgedToken."""
        try:
            return str(URLSafeSerializer(self.secret, salt="manage").loads(token))
        except BadSignature as error:
            raise ForgedToken from error
