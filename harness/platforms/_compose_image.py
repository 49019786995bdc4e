"""The image that a service is to go back to: by which name, and whether it can be had."""

import re

from harness.deployment import Artifact, shown
from harness.errors import PlatformError
from harness.platforms._compose_calls import Docker

_ID = re.compile(r"sha256:[0-9a-f]{64}")
_DIGEST = re.compile(r"[a-z0-9][a-zA-Z0-9._:/-]*@sha256:[0-9a-f]{64}")


def is_id(identity: str) -> bool:
    return _ID.fullmatch(identity) is not None


async def name_of(artifact: Artifact, docker: Docker, limit_s: float) -> str:
    """By what compose finds this very image; it is pulled where it is not here.

    Raises:
        PlatformError: It cannot be had.
    """
    name = await _here(artifact, docker)
    if name is not None:
        return name
    if not _DIGEST.fullmatch(artifact.reference):
        raise PlatformError(
            f"the image {shown(artifact.identity)} is not here any more,"
            " and no registry is known to have it"
        )
    await docker.pull(artifact.reference, limit_s)
    name = await _here(artifact, docker)
    if name is None:
        raise PlatformError(f"{artifact.reference} is not the image {shown(artifact.identity)}")
    return name


async def _here(artifact: Artifact, docker: Docker) -> str | None:
    image = (await docker.images([artifact.identity])).get(artifact.identity)
    if image is None:
        return None
    return artifact.reference if artifact.reference in (image.digests or ()) else image.id
