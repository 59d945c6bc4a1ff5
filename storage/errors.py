"""What can go wrong in storage, in words for the person who reads them."""


class StorageError(Exception):
    """The log, the read model or the people's database could not do what was asked."""


class Taken(StorageError):
    """Another process is doing this already."""
