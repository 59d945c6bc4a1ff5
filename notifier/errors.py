"""What can go wrong between the outbox and a person."""


class DeliveryError(Exception):
    """A message could not be handed over. `permanent`: it never can be; otherwise, try again later.

    The message may hold the recipient's address and is kept in people.db only; `brief` may be logged.
    """

    def __init__(self, message: str, *, permanent: bool, brief: str | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.brief = brief or message
