"""Which images a release consists of, what they are called, and where they are kept."""

import json
import re
import subprocess
from collections.abc import Mapping

from escape import plain
from step import StepError, UsageError

SERVICES = ("auth", "account", "keys", "gateway", "frontend")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


def name(prefix: str, service: str) -> str:
    """`ghcr.io/owner/keyarc-auth`; an owner may have capital letters, an image may not."""
    return f"{prefix}/keyarc-{service}".lower()


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def read(text: str) -> dict[str, str]:
    """images.json: for each service its image, by digest.

    Raises:
        UsageError: It is none, or one service is missing or unknown.
    """
    try:
        images = json.loads(text)
    except ValueError:
        raise UsageError("the images are not JSON") from None
    if not isinstance(images, dict) or set(images) != set(SERVICES):
        raise UsageError(f"the images are those of {', '.join(SERVICES)}: one each, and no other")
    for service, image in images.items():
        repository, _, digest = str(image).partition("@")
        if not repository.endswith(f"/keyarc-{service}") or not is_digest(digest):
            raise UsageError(f"{service}: an image is NAME@sha256:…, not {plain(str(image))!r}")
    return dict(images)


def write(images: Mapping[str, str]) -> str:
    """images.json, in one line, always in the same order."""
    return json.dumps({service: images[service] for service in SERVICES})


def digest(reference: str) -> str | None:
    """What a reference stands for in its registry; None where the registry knows no such thing.

    Raises:
        StepError: The registry gives no answer, or another one: then nobody knows.
    """
    ended = _imagetools("inspect", "--format", "{{.Manifest.Digest}}", reference)
    found = ended.stdout.strip()
    if ended.returncode == 0 and is_digest(found):
        return found
    # buildx says so of a missing tag and of a missing repository alike, and of nothing else.
    if ended.returncode != 0 and ended.stderr.rstrip().endswith(f"{reference}: not found"):
        return None
    why = plain(ended.stderr or found, 500)
    raise StepError(f"cannot tell whether there is {reference}: {why}")


def tag(image: str, tags: list[str]) -> None:
    """Gives an image further tags, and looks whether they stand for that very image.

    Without `--prefer-index=false` buildx wraps a single image into an index, with another digest.
    """
    repository, _, wanted = image.partition("@")
    references = [f"{repository}:{each}" for each in tags]
    words = [word for reference in references for word in ("--tag", reference)]
    ended = _imagetools("create", "--prefer-index=false", *words, image)
    if ended.returncode != 0:
        raise StepError(f"cannot tag {image}: {plain(ended.stderr, 500)}")
    for reference in references:
        if (found := digest(reference)) != wanted:
            raise StepError(f"{reference} should be {wanted}, and is {found or 'missing'}")


def is_tag(text: str) -> bool:
    return _TAG.fullmatch(text) is not None


def _imagetools(*words: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["docker", "buildx", "imagetools", *words],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        raise StepError(f"no answer within 120 s: docker buildx imagetools {words[0]}") from None
