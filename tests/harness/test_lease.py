"""The stack that a run uses."""

from pathlib import Path

from harness.environment import Environment, Service
from harness.lease import leased, secrets_in


def test_environment_without_a_stack_needs_none() -> None:
    environment = Environment(name="far", services={"one": Service(url="http://127.0.0.1:1")})
    told: list[str] = []
    with leased(Path("far.yaml"), environment, told.append) as references:
        assert {} == references
    assert [] == told


def test_generated_secrets_and_passwords_in_urls_are_kept_out_of_the_evidence() -> None:
    references = {
        "generated:TOKEN": "a-token",
        "stack:postgres.url": "postgresql://me:a-password@127.0.0.1:5432/app",
        "stack:one.url": "http://127.0.0.1:8000",
        "stack:one.port": "8000",
    }
    assert ["a-token", "a-password"] == secrets_in(references)
