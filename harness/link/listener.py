"""Where a link listens, or refuses while it keeps its port."""

import asyncio
import errno
import socket
from collections.abc import Callable

BACKLOG = 2048
_ACCEPTED_AT_ONCE = 64
# After that long, there may be a free file again.
_AGAIN_S = 0.1
_NO_FILE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """Takes callers, or not.

    Args:
        held: A socket bound with SO_REUSEADDR that does not listen: it keeps the port.
        arrived: Gets each caller.
    """

    def __init__(self, held: socket.socket, arrived: Callable[[socket.socket], None]) -> None:
        self._held, self._arrived = held, arrived
        self._open: socket.socket | None = None

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._held.getsockname()[:2]
        return host, port

    @property
    def is_on(self) -> bool:
        return self._open is not None

    def on(self) -> None:
        """Listens; once is enough.

        Raises:
            OSError: It cannot.
        """
        if self._open is not None:
            return
        listener = socket.socket(self._held.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(self._held.getsockname())
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        self._open = listener
        self._watch()

    def off(self) -> None:
        """Callers are refused from now on."""
        listener, self._open = self._open, None
        if listener is not None:
            asyncio.get_running_loop().remove_reader(listener.fileno())
            listener.close()

    def hold(self, held: socket.socket) -> None:
        """Is elsewhere from now on, once it is on again."""
        self.off()
        self._held.close()
        self._held = held

    def close(self) -> None:
        """Its port is free."""
        self.off()
        self._held.close()

    def _watch(self) -> None:
        if self._open is not None:
            asyncio.get_running_loop().add_reader(self._open.fileno(), self._acceptable)

    def _acceptable(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            if self._open is None:
                return
            try:
                caller, _address = self._open.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_FILE:
                    raise
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._open.fileno())
                loop.call_later(_AGAIN_S, self._watch)
                return
            caller.setblocking(False)
            self._arrived(caller)
