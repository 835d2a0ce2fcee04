"""What can go wrong while the book is put together."""


class PublicationError(RuntimeError):
    """The book cannot be staged or built; the message says why and what to run next."""
