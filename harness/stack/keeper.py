"""Keeps a stack that is up: writes down what becomes of it, and carries out what is ordered."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from harness.environment import Environment
from harness.errors import HarnessError, UsageError
from harness.stack.children import Children
from harness.stack.instances import MIGRATE
from harness.stack.ordered import Order, Replacement, Stopping
from harness.stack.orders import Client, Orders
from harness.stack.startup import Startup
from harness.stack.state import StateDirectory
from harness.stack.switch import Switch
from harness.stack.watch import Watch

Progress = Callable[[str], None]


class Keeper:
    """What the supervisor does from the moment at which all is ready."""

    def __init__(
        self,
        environment: Environment,
        file: Path,
        directory: StateDirectory,
        startup: Startup,
        *,
        children: Children,
        watch: Watch,
    ) -> None:
        self._environment = environment
        self._directory = directory
        self._instances = startup.instances
        self._references = startup.addresses.references
        self._children = children
        self._watch = watch
        self._deployments = 0
        self._replacing: tuple[str, list[str]] | None = None
        self._state: dict[str, Any] = {
            "version": 1,
            "file": str(file.absolute()),
            "release": self._references["stack:release"],
            "pid": os.getpid(),
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "references": self._references,
            "disk": startup.database.disk,
            "links": startup.links,
        }
        self._switch = Switch(startup.instances, startup.database, children, self._look)
        self._orders = Orders(directory, children, watch, self.status)
        self._write()

    def stay(self) -> NoReturn:
        """Goes on until somebody wants the stack to end: `Stop` is raised then."""
        while True:
            self._look(None)
            while (ordered := self._orders.next()) is not None:
                self._obey(*ordered)

    def status(self) -> dict[str, Any]:
        """What runs, as `control.status` gives it."""
        changing = self._replacing[1] if self._replacing else []
        names = [each for each in self._environment.services if each in self._instances.codes]
        return {
            "release": self._state["release"],
            "serial": f"{self._state['pid']}.{self._state['started_at']}.{self._deployments}",
            "replacing": self._replacing[0] if self._replacing else None,
            "stopped": sorted(self._switch.stopped),
            "changed": sorted(self._switch.changed),
            "services": {name: self._about(name, is_changing=name in changing) for name in names},
        }

    def _about(self, name: str, *, is_changing: bool) -> dict[str, Any]:
        all_of_it = [child for child in self._children.all if child.service == name]
        wanted, living = self._instances.count(name), self._children.living(name)
        troubles = [f"{child.name} {child.end}" for child in all_of_it if child.end]
        if len(living) < wanted and not troubles:
            troubles.append(f"{len(living)} of {wanted} instances run")
        return {
            "instances": [
                {"name": each.name, "identity": each.identity, "release": each.release}
                for each in living
            ],
            "wanted": wanted,
            "changing": is_changing,
            "troubles": troubles,
        }

    def _obey(self, order: Order, client: Client) -> None:
        def progress(text: str) -> None:
            client.say("progress", text=text)
            self._write()

        try:
            self._carry_out(order, progress)
            answer: dict[str, Any] = {"event": "done"}
        except (HarnessError, OSError) as error:
            code = 2 if isinstance(error, UsageError) else 20
            answer = {"event": "failed", "text": str(error), "code": code}
        finally:
            self._replacing = None
            self._orders.done()
            self._write()
        # Who is told so finds it written down.
        client.say(**answer)

    def _carry_out(self, order: Order, progress: Progress) -> None:
        if isinstance(order, Replacement):
            self._replace(order, progress)
        elif isinstance(order, Stopping):
            self._switch.stop(order.service, at_once=order.at_once)
        else:
            self._switch.start(order.service, settings=order.settings, delay_s=order.delay_s)

    def _replace(self, order: Replacement, progress: Progress) -> None:
        # Needed by who deploys alone.
        from harness.stack.rollout import Rollout
        from harness.stack.stock import Stock

        stock = Stock(self._directory, self._environment)
        rollout = Rollout(
            self._environment,
            self._directory,
            self._instances,
            self._children,
            look=self._look,
            progress=progress,
        )
        wanted = rollout.known(order.services)
        codes = {name: stock.code(order.services[name], order.release) for name in wanted}
        services = [name for name in wanted if not rollout.is_there(name, codes[name])]
        if not services:
            progress(f"all of it runs {order.release} already")
            return
        running = self._instances.codes
        stock.keep({running[name] for name in services if running[name].tree is None}, progress)
        self._deployments += 1
        self._replacing = order.release, services
        migrate = codes[services[0]] if order.migrate else None
        rollout.run(codes, services, migrate=migrate)
        self._switch.have_been_deployed(services)
        if {running[name] for name in order.services} == set(codes.values()):
            self._state["release"] = self._references["stack:release"] = order.release

    def _look(self, limit_s: float | None) -> None:
        self._watch.wait(limit_s)
        if self._children.notice():
            self._write()

    def _write(self) -> None:
        processes = [vars(child) for child in self._children.all if child.name != MIGRATE]
        ordered = {
            "stopped": sorted(self._switch.stopped),
            "changed": sorted(self._switch.changed),
        }
        self._directory.write_state({**self._state, **ordered, "processes": processes})
