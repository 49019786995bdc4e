"""Constant traffic: clients that ask without a pause, each in its own way, and keep what failed."""

import http.client
import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit

from tests.harness.stack.conftest import until

LIMIT_S = 30


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request that is asked again and again.

    Attributes:
        url: Where.
        method: How.
        keeps: Whether the connection is kept for the next one; else each has its own.
        body: A new one for each request.
        headers: Sent with each.
        status: What alone is no failure.
    """

    url: str
    method: str = "GET"
    keeps: bool = True
    body: Callable[[], bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def __str__(self) -> str:
        return f"{self.method} {urlsplit(self.url).path} {'kept' if self.keeps else 'fresh'}"


class Traffic:
    """What became of it.

    Attributes:
        answered: How often each was answered as it should be.
        failed: All else, in words.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answered: Counter[str] = Counter()
        self.failed: list[str] = []
        self._context = context
        self._over = Event()

    def ask(self, asked: Asked) -> None:
        """Asks until it is over."""
        connection = self._connection(asked)
        while not self._over.is_set():
            self._once(connection, asked)
            if not asked.keeps:
                connection.close()
        connection.close()

    def end(self) -> None:
        self._over.set()

    def _once(self, connection: http.client.HTTPConnection, asked: Asked) -> None:
        try:
            body = asked.body() if asked.body else None
            path = urlsplit(asked.url).path or "/"
            connection.request(asked.method, path, body=body, headers=dict(asked.headers))
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{asked}: {error!r}")
            connection.close()
            return
        if answer.status == asked.status:
            self.answered[str(asked)] += 1
        else:
            self.failed.append(f"{asked}: {answer.status} {text[:200]!r}")

    def _connection(self, asked: Asked) -> http.client.HTTPConnection:
        address = urlsplit(asked.url)
        assert address.hostname is not None
        if address.scheme == "https":
            return http.client.HTTPSConnection(
                address.hostname, address.port, timeout=LIMIT_S, context=self._context
            )
        return http.client.HTTPConnection(address.hostname, address.port, timeout=LIMIT_S)


@contextmanager
def traffic(*asked: Asked, context: ssl.SSLContext | None = None) -> Iterator[Traffic]:
    """Traffic for as long as the context lasts; each kind has been answered before it begins."""
    running = Traffic(context)
    threads = [Thread(target=running.ask, args=(each,)) for each in asked]
    for thread in threads:
        thread.start()
    try:
        until(lambda: running.failed or len(running.answered) == len({*map(str, asked)}))
        yield running
    finally:
        running.end()
        for thread in threads:
            thread.join()
