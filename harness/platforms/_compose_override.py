"""The second file that compose is given in a rollback: it pins one service to its target."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.errors import PlatformError


@contextmanager
def override_of(app: str, image: str, variables: Mapping[str, str]) -> Iterator[Path]:
    """A file that changes the image of one service, and these of its variables.

    Outside of the project, for its owner alone, and removed afterwards.
    """
    # Compose would fill in what follows a `$`. It is to get nothing that is not here.
    filled = {name: value.replace("$", "$$") for name, value in variables.items()}
    service = {"image": image, "pull_policy": "never", "environment": filled}
    try:
        with tempfile.TemporaryDirectory(prefix="keyarc-verify-") as folder:
            file = Path(folder, "override.yaml")
            file.write_text(json.dumps({"services": {app: service}}))
            yield file
    except OSError as error:
        raise PlatformError(f"no temporary file can be made: {error.strerror}") from None
