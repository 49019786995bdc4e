"""The system started as anyone would first do it: `initdb`, and a `uvicorn` for each service.

This is what `up` is measured against. It is KeyArc's services as `environments/local.yaml` declares
them, all in parallel with the making of the database.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.environment import find, parse
from harness.stack.binaries import Account, installation

LIMIT_S = 60


class Naive:
    """The system, until `stop`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.folder.chmod(0o777)
        self._account = Account.for_server()
        self._binaries = installation(16, self._account) / "bin"
        self.processes: list[subprocess.Popen[bytes]] = []
        stack = parse(find("local")).stack
        assert stack is not None
        self._stack = stack
        self._ports = {name: free_port() for name in ["postgres", *stack.services]}

    def start(self) -> None:
        """Returns when every service is healthy."""
        database = f"postgresql://postgres@127.0.0.1:{self._ports['postgres']}/postgres"
        for name, service in self._stack.services.items():
            assert service.python is not None
            env = {**self._stack.env, **service.env}
            self._run_service(name, service.python.app, {k: self._fill(v) for k, v in env.items()})
        with ThreadPoolExecutor() as pool:
            made = pool.submit(self._make_database, database)
            healthy = [pool.submit(self._await, name) for name in self._stack.services]
            made.result()
            for each in healthy:
                each.result()

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(LIMIT_S)
        self._postgres("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def _make_database(self, url: str) -> None:
        data, port = str(self.folder / "data"), self._ports["postgres"]
        self._postgres("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8")
        options = f"-p {port} -c unix_socket_directories= -c max_connections=200"
        log = str(self.folder / "log")
        self._postgres("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        command = [sys.executable, "-m", "services.migrations.upgrade"]
        subprocess.run(command, check=True, env={**os.environ, "DATABASE_URL": url})

    def _postgres(self, program: str, *arguments: str) -> None:
        drops = self._account.uid != os.geteuid()
        subprocess.run(
            [str(self._binaries / program), *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            user=self._account.uid if drops else None,
            group=self._account.gid if drops else None,
            extra_groups=[] if drops else None,
        )

    def _run_service(self, name: str, app: str, env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "uvicorn", app, "--port", str(self._ports[name])]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, env={**os.environ, **env}, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(process)

    def _await(self, name: str) -> None:
        # The edge has no health of its own; without TLS it sends every request elsewhere.
        path, expected = ("/", 308) if name == "edge" else ("/health", 200)
        deadline_s = time.monotonic() + LIMIT_S
        while status(f"http://127.0.0.1:{self._ports[name]}{path}") != expected:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{name}:\n{(self.folder / f'{name}.log').read_text()[-2000:]}")
            time.sleep(0.02)

    def _fill(self, text: str) -> str:
        for name, port in self._ports.items():
            text = text.replace(f"${{stack:{name}.url}}", f"http://127.0.0.1:{port}")
        if text == f"http://127.0.0.1:{self._ports['postgres']}":
            return f"postgresql://postgres@127.0.0.1:{self._ports['postgres']}/postgres"
        for name in ("JWT_SECRET", "INTERNAL_TOKEN"):
            text = text.replace(f"${{generated:{name}}}", SECRET)
        return text.replace("${stack:release}", "naive").replace("${stack:instance}", "1")


SECRET = secrets.token_urlsafe(48)


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_Unfollowed, urllib.request.ProxyHandler({}))


def status(url: str) -> int:
    try:
        with _opener.open(url, timeout=5) as answer:
            code: int = answer.status
            return code
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
