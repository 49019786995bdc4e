"""A container's health check: `python -m services.probe [PATH [STATUS]]`.

Exits with 1 unless the service in this container answers `GET PATH` with that status; where nothing
else is said, `/health` with 200.
"""

import socket
import sys

PORT = 8080
# More than readiness may take; less than Docker waits.
LIMIT_S = 2.5


def status_line(path: str) -> str:
    """How the service answers. By hand, for an HTTP library takes longer to load than all this.

    Raises:
        OSError: It does not.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", PORT), timeout=LIMIT_S) as connection:
        connection.sendall(request.encode())
        return connection.makefile("rb").readline(100).decode("latin-1").strip()


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "/health"
    expected = sys.argv[2] if len(sys.argv) > 2 else "200"
    try:
        came = status_line(path)
    except OSError as error:
        sys.exit(f"GET {path}: {type(error).__name__}")
    if not came.startswith(f"HTTP/1.1 {expected} "):
        sys.exit(f"GET {path}: {came}")


if __name__ == "__main__":
    main()
