"""`python -m harness` is `keyarc-verify`."""

from harness.cli import main

main()
