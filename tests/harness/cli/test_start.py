"""What the start of `smoke` does not pay for."""

import subprocess
import sys

# `click` and `pygments` come with rich; the others are for the local stack, or for one check.
NEEDLESS = {"rich", "pygments", "click", "dns", "cryptography", "argon2", "sqlalchemy", "fastapi",
            "psutil", "pytest", "trustme", "uvicorn"}  # fmt: skip


def test_a_run_imports_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys, harness.cli._smoke_run\n"
        "from harness.registry import CHECKS\n"
        "from harness.suite import load\n"
        "from harness.exchange import EvidenceClient\n"
        "CHECKS.load_all(), load('suites.smoke')\n"
        "EvidenceClient().prepare()\n"
        f"print(sorted({NEEDLESS!r} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ("[]\n", "") == (done.stdout, done.stderr)
