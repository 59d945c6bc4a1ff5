"""What can go wrong between the outbox and a person."""


class DeliveryError(Exception):
    """A message could not be handed over. `permanent`: it never can be; otherwise, try again later."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent
