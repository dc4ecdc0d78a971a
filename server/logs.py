"""JSON lines on standard error, one a call and one a decision. Ids, never biometrics or secrets."""

import logging
import sys
from collections.abc import Sequence

import structlog
import structlog.tracebacks
from structlog.typing import Processor

from server import metrics


def configure(level: str) -> None:
    """Sets up structlog for this process, and the libraries' logging in the same form."""
    number = logging.getLevelNamesMapping()[level]
    shared = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without locals: they hold tokens, passwords and embeddings.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
    )
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _Lines(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(shared, number)


class _Lines(structlog.PrintLogger):
    """Prints lines; one that cannot be written is counted, and fails nothing of what it tells."""

    def msg(self, message: str) -> None:
        """Prints a line."""
        try:
            super().msg(message)
        except OSError:
            metrics.LOG_LINES_LOST.inc()

    debug = info = warning = error = critical = exception = msg


def _configure_libraries(shared: Sequence[Processor], level: int) -> None:
    """Lets what grpc, asyncio and others log be JSON lines too; below warnings they chatter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))
