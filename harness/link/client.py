"""Switches what links do, over the Unix socket of their API.

Everything may be done twice: what is there already is replaced, what is gone already is gone.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict
from urllib.parse import quote

from harness.errors import StackError, UsageError
from harness.stack.control import address

if TYPE_CHECKING:
    import httpx

Stream = Literal["upstream", "downstream"]
LIMIT_S = 10.0
_GONE = 404


class Certificate(TypedDict):
    """Files of a certificate, in PEM, with which a link speaks TLS to its clients."""

    certificate: str
    key: str


class Links:
    """The links of one process.

    Args:
        socket_path: Where their API is.

    Raises:
        StackError: By every method: nothing answers there.
        UsageError: By every method: there is no such link, toxic type or attribute.
    """

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path
        self._held = ExitStack()
        self._client: httpx.AsyncClient | None = None

    async def names(self) -> list[str]:
        """The links that there are."""
        return sorted(await self._asked("GET", "/proxies"))

    async def create(
        self, name: str, upstream: str, tls: Certificate | None = None, listen: str = "127.0.0.1:0"
    ) -> str:
        """Makes a link; where there is one of that name, it is replaced.

        Args:
            name: Its name.
            upstream: Where it leads, `HOST:PORT`.
            tls: With it, clients have to speak TLS; upstream gets plain bytes.
            listen: Where it listens, `HOST:PORT`; with port 0, the system chooses one.

        Returns:
            Where it listens.
        """
        await self.delete(name)
        wanted: dict[str, Any] = {"name": name, "upstream": upstream, "listen": listen}
        if tls is not None:
            wanted["tls"] = dict(tls)
        return str((await self._asked("POST", "/proxies", wanted))["listen"])

    async def delete(self, name: str) -> None:
        """Ends a link and its connections."""
        await self._asked("DELETE", f"/proxies/{quote(name, safe='')}", may_be_gone=True)

    async def add(
        self,
        proxy: str,
        type: str,
        *,
        name: str | None = None,
        stream: Stream = "downstream",
        toxicity: float = 1.0,
        **attributes: Any,
    ) -> str:
        """Puts a toxic on a link, on its open connections too; replaces one of the same name.

        Args:
            proxy: The link.
            type: `latency`, `bandwidth`, `slow_close`, `timeout`, `reset_peer`, `slicer`,
                `limit_data`, `answer`.
            name: `TYPE_STREAM` unless given.
            stream: Which way it works: `upstream` on what clients send, `downstream` on answers.
            toxicity: The share of connections that it works on, 0 to 1.
            **attributes: The type's own, as docs/links.md has them. Bytes are taken as they are.

        Returns:
            The toxic's name.
        """
        name = name or f"{type}_{stream}"
        await self.remove(proxy, name)
        wanted = {
            "name": name,
            "type": type,
            "stream": stream,
            "toxicity": toxicity,
            "attributes": {
                key: value.decode("latin-1") if isinstance(value, bytes) else value
                for key, value in attributes.items()
            },
        }
        await self._asked("POST", f"/proxies/{quote(proxy, safe='')}/toxics", wanted)
        return name

    async def remove(self, proxy: str, name: str) -> None:
        """Takes a toxic off a link."""
        where = f"/proxies/{quote(proxy, safe='')}/toxics/{quote(name, safe='')}"
        await self._asked("DELETE", where, may_be_gone=True)

    async def enable(self, proxy: str, on: bool) -> None:
        """Has a link listen or not. Where it does not, callers are refused; what is open is cut."""
        await self._asked("PATCH", f"/proxies/{quote(proxy, safe='')}", {"enabled": on})

    async def reset(self, proxy: str) -> None:
        """Takes all toxics off one link and has it listen."""
        await self._asked("POST", f"/proxies/{quote(proxy, safe='')}/reset")

    async def statistics(self, proxy: str) -> dict[str, Any]:
        """What went through a link so far, as docs/links.md describes it."""
        return await self._asked("GET", f"/proxies/{quote(proxy, safe='')}/statistics")

    async def aclose(self) -> None:
        """Lets go of the socket; the next call opens it again."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
        self._held.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _asked(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        may_be_gone: bool = False,
    ) -> dict[str, Any]:
        import httpx

        try:
            answer = await self._opened().request(method, path, json=body)
        except (OSError, httpx.TransportError) as error:
            why = str(error) or type(error).__name__
            raise StackError(f"the links at {self._path} do not answer: {why}") from None
        if answer.status_code == _GONE and may_be_gone:
            return {}
        if answer.is_error:
            raise _told(answer, f"{method} {path}")
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            import httpx

            short = self._held.enter_context(address(self._path.absolute()))
            self._client = httpx.AsyncClient(
                transport=httpx.AsyncHTTPTransport(
                    uds=short,
                    verify=False,
                    trust_env=False,
                    # The other side ends an idle connection after 5 s, maybe just as it is used.
                    limits=httpx.Limits(keepalive_expiry=2),
                ),
                base_url="http://links",
                timeout=LIMIT_S,
            )
        return self._client


def _told(answer: "httpx.Response", asked: str) -> StackError | UsageError:
    try:
        why = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        why = f"{answer.status_code} {answer.text[:200]}"
    kind = UsageError if answer.is_client_error else StackError
    return kind(f"links: {asked}: {why}")
