"""Logs: JSON lines on standard output, one for each request and each thing that went wrong.

Only what is named here is written, so a token, a hash or a ciphertext has no way in.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

FIELDS = ("request_id", "method", "path", "status", "duration_ms", "upstream")


class JsonLines(logging.Formatter):
    """A record as one line."""

    def __init__(self, service: str, instance: str) -> None:
        super().__init__()
        self._who = {"service": service, "instance": instance}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            **self._who,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            # The exception's text may hold what a client sent: its kind and place are enough.
            frames = traceback.extract_tb(record.exc_info[2])
            line["exception"] = record.exc_info[0].__name__
            line["at"] = [f"{frame.filename}:{frame.lineno}" for frame in frames[-5:]]
        return json.dumps(line, default=str)


def configure(service: str, instance: str, level: str) -> None:
    """Sends every logger of the process to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(service, instance))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"
    for chatty in ("httpx", "httpcore", "asyncio", "sqlalchemy.pool"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
