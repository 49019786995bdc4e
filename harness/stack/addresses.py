"""Where the parts of a stack answer, and what the references in its environment file stand for."""

import os
import secrets
from collections.abc import Mapping
from socket import socket

from harness.environment import Program, Stack, StackService, generated_in, substitute
from harness.stack import sockets
from harness.stack.program import Sockets, environment_of


class Addresses:
    """The ports of one stack, taken before anything is started.

    Attributes:
        references: What may be known of the stack: addresses.
        secrets: What may not: generated ones, and the database's URL.
        sockets: Those of each service. They listen already where the service is forked from here;
            a command binds its port itself.
        ways: By service, what references stand for in it alone: its links.
    """

    def __init__(self, stack: Stack, release: str, ca_file: str, logs: str) -> None:
        self.references = {
            "stack:release": release,
            "stack:ca_file": ca_file,
            "stack:logs": logs,
        }
        self.secrets = {
            f"generated:{name}": secrets.token_urlsafe(48)
            for name in sorted(generated_in(stack.model_dump_json()))
        }
        self.sockets: dict[str, Sockets] = {}
        self.ways: dict[str, dict[str, str]] = {}
        self.nameserver: socket | None = None
        self.platform: socket | None = None
        self._stack = stack

    def take(self) -> list[socket]:
        """Takes a port for each service, and for a name server and a stand-in where there are any.

        Raises:
            StackError: One that the file names is taken.
        """
        for name, service in self._stack.services.items():
            self.sockets[name] = held = _take(f"stack.services.{name}", service)
            host = service.tls[0] if service.tls else sockets.LOOPBACK
            port = sockets.port_of(held.main)
            self.references[f"stack:{name}.port"] = str(port)
            self.references[f"stack:{name}.url"] = (
                f"{'https' if service.tls else 'http'}://{host}:{port}"
            )
            if held.plain is not None:
                plain = sockets.port_of(held.plain)
                self.references[f"stack:{name}.http_port"] = str(plain)
                self.references[f"stack:{name}.http_url"] = f"http://{host}:{plain}"
        every = [each for one in self.sockets.values() for each in one.all()]
        if self._stack.names:
            self.nameserver = sockets.datagrams("stack.names")
            port = sockets.port_of(self.nameserver)
            self.references["stack:nameserver"] = f"{sockets.LOOPBACK}:{port}"
            every.append(self.nameserver)
        if self._stack.platform:
            self.platform = sockets.listen("stack.platform")
            port = sockets.port_of(self.platform)
            self.references["stack:platform"] = f"http://{sockets.LOOPBACK}:{port}"
            every.append(self.platform)
        return every

    def fill(
        self,
        text: str,
        instance: str = "",
        release: str | None = None,
        service: str | None = None,
    ) -> str:
        """The text with its references replaced, for one instance of a program.

        Args:
            text: As the environment file has it.
            instance: Which one of the program's.
            release: Its release, if not the stack's.
            service: Whose it is: a service has ways of its own, where there are links.

        Raises:
            UsageError: It names something that the stack does not have.
        """
        ways = self.ways.get(service, {}) if service else {}
        known = {**self.references, **self.secrets, **ways, "stack:instance": instance}
        known["stack:release"] = release or known["stack:release"]
        return substitute(text, known, os.environ)

    def environment(
        self,
        program: Program,
        instance: str,
        release: str,
        *,
        service: str | None = None,
        settings: Mapping[str, str | None] | None = None,
    ) -> dict[str, str]:
        """The whole environment of one instance of a program.

        Args:
            program: What the environment file says of it.
            instance: Which one of it.
            release: What it reports as its release.
            service: Whose instance it is, if a service's.
            settings: What it gets above its own; None takes one away.
        """
        own = {**self._stack.env, **program.env, **(settings or {})}
        return environment_of(
            {
                name: self.fill(text, instance, release, service)
                for name, text in own.items()
                if text is not None
            }
        )

    def refuse(self, name: str) -> list[tuple[socket, socket]]:
        """Has nobody listen on a service's ports, which stay its own.

        Returns:
            Each socket that was closed, and what holds its port now.
        """
        held = self.sockets[name]
        swapped = [(old, sockets.close(f"stack.services.{name}", old)) for old in held.all()]
        held.main = swapped[0][1]
        held.plain = swapped[1][1] if held.plain is not None else None
        return swapped


def _take(owner: str, service: StackService) -> Sockets:
    if service.python is None:
        return Sockets(sockets.reserve(owner, service.port))
    held = Sockets(sockets.listen(owner, service.port))
    if service.tls:
        held.plain = sockets.listen(owner, service.http_port)
    return held
