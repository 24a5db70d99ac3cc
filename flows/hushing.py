"""Keeps libraries from logging addresses and tokens while one of our messages is under way."""

from __future__ import annotations

import logging
import threading


class Hushed(logging.Filter):
    """Drops what the named loggers say in this thread inside the block; other threads are not touched."""

    def __init__(self, *loggers: str) -> None:
        """Keep which loggers; a filter works on the very logger that a record is given to, not on its children."""
        super().__init__()
        self.loggers = loggers
        self.sending = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        """False for what is said inside the block."""
        return not getattr(self.sending, "now", False)

    def __enter__(self) -> None:
        """Begin to drop."""
        for name in self.loggers:
            logging.getLogger(name).addFilter(self)
        self.sending.now = True

    def __exit__(self, *_: object) -> None:
        """Let records through again."""
        self.sending.now = False
