"""How an image is named to Fly: always by its digest."""

import re

from harness.deployment import Artifact, shown
from harness.errors import PlatformError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REPOSITORY = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+")


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def pinned(app: str, artifact: Artifact) -> str:
    """An image by its digest, and nothing else: what a tag stands for can change.

    Raises:
        PlatformError: The artifact has none, or two.
    """
    if not is_digest(artifact.identity):
        raise PlatformError(f"{shown(artifact.identity)!r} is no digest of an image")
    name, at, digest = artifact.reference.partition("@")
    if at and digest != artifact.identity:
        raise PlatformError(f"{artifact.reference} is not {shown(artifact.identity)}")
    first, slash, rest = name.rpartition("/")
    repository = f"{first}{slash}{rest.partition(':')[0]}" if name else f"registry.fly.io/{app}"
    if name == artifact.identity:
        repository = f"registry.fly.io/{app}"
    if not _REPOSITORY.fullmatch(repository):
        raise PlatformError(f"{artifact.reference!r} is no reference to an image")
    return f"{repository}@{artifact.identity}"
