"""What must never be written: found by the name of its field, or because it was registered.

Applied where results are turned into text, so nothing reaches a file or a terminal around it.
"""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate
from urllib.parse import quote, quote_plus

from harness.model import Attempt, Exchange, Finding, Headers, Result

REDACTED = "[redacted]"
# Shorter values would blot out half of what a report says.
_SHORTEST = 8
_LONGEST_BODY = 64 * 1024
_NAMES = (
    r"authorization|cookie|token|secret|passw|auth_hash|api[-_]?key|credential|jwt|private_seed"
)
_SENSITIVE = re.compile(_NAMES, re.IGNORECASE)
# Of these names, what speaks about a secret and is none: `token_type`, `secret_id`.
_ABOUT = re.compile(r"^encrypted_|[-_](id|ids|type|count|name|url|ttl|expires?\w*)$", re.IGNORECASE)
# Begins with the telling word: a prefix of any length would make the search quadratic.
_PAIR = re.compile(
    rf"""(?P<name>(?:{_NAMES})[\w-]{{0,40}}+)(?P<between>["']?\s?[:=]\s?["']?)[^"'&\s,;}}]+""",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"[\w-]*$")
_DEEPEST = 100
_SHAPES = (
    re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"),  # a JWT
    re.compile(r"(?<=://)[^/\s@\"']+(?=@)"),  # user and password in a URL
)


class Redactor:
    """Replaces secrets in all that is about to be written: those given, and those learned."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        for secret in secrets:
            self.register(secret)

    def register(self, secret: str) -> None:
        """Keeps a value out of everything, also in its base64, URL and JSON forms.

        Args:
            secret: At least 8 characters; a shorter one is found by its field's name alone.
        """
        self._forms.update(forms(secret))

    def text(self, text: str, learned: Iterable[str] = ()) -> str:
        """A text without registered secrets, without `learned` ones and without JWTs."""
        for shape in _SHAPES:
            text = shape.sub(REDACTED, text)
        for form in sorted({*self._forms, *learned}, key=len, reverse=True):
            if form in text:
                text = text.replace(form, REDACTED)
        return text

    def prose(self, text: str) -> str:
        """What somebody said in words, a tool of a platform say; it may hold `token=…`."""
        return self._prose(text, set())

    def result(self, result: Result) -> Result:
        """A result that can be written."""
        learned = _learned(
            exchange for attempt in result.attempts for exchange in attempt.exchanges
        )
        return replace(
            result,
            message=self.text(result.message, learned),
            expected=self.text(result.expected, learned),
            came=self._prose(result.came, learned),
            attempts=tuple(self._attempt(attempt, learned) for attempt in result.attempts),
        )

    def _attempt(self, attempt: Attempt, learned: set[str]) -> Attempt:
        found = attempt.finding
        return replace(
            attempt,
            finding=Finding(
                outcome=found.outcome,
                message=self.text(found.message, learned),
                expected=self.text(found.expected, learned),
                came=self._prose(found.came, learned),
            ),
            exchanges=tuple(self._exchange(exchange, learned) for exchange in attempt.exchanges),
        )

    def _exchange(self, exchange: Exchange, learned: set[str]) -> Exchange:
        return replace(
            exchange,
            url=self._prose(exchange.url, learned),
            request_headers=self._headers(exchange.request_headers, learned),
            request_body=self._body(exchange.request_body, learned),
            response_headers=self._headers(exchange.response_headers, learned),
            response_body=self._body(exchange.response_body, learned),
            error=self.text(exchange.error, learned) if exchange.error else exchange.error,
        )

    def _headers(self, headers: Headers, learned: set[str]) -> Headers:
        return tuple(
            (name, _scheme(value) + REDACTED if is_sensitive(name) else self.text(value, learned))
            for name, value in headers
        )

    def _body(self, body: str | None, learned: set[str]) -> str | None:
        if not body:
            return body
        tree = _json(body)
        if tree is not None:
            clean = self.text(json.dumps(_without_sensitive(tree), ensure_ascii=False), learned)
            return _cut(clean, _LONGEST_BODY)
        # Half a secret would not be found, so what stands before the first cut is not shown.
        clean = self._prose(body[: 2 * _LONGEST_BODY], learned)
        margin = _LONGEST_BODY if len(body) > 2 * _LONGEST_BODY else 0
        return _cut(clean, min(_LONGEST_BODY, len(clean) - margin))

    def _prose(self, text: str, learned: set[str]) -> str:
        """Text that may hold pairs such as `token=…` or `"token": "…"`."""
        return self.text(_PAIR.sub(_blotted, text), learned)


def is_sensitive(name: str) -> bool:
    """Does a header or field of this name hold a secret?"""
    return bool(_SENSITIVE.search(name)) and not _ABOUT.search(name)


def forms(secret: str) -> set[str]:
    """A secret as it is, and as it looks inside URLs, JSON and base64 (at each of 3 offsets)."""
    if len(secret) < _SHORTEST:
        return set()
    raw = secret.encode("utf-8", "surrogatepass")
    found = {secret, quote(raw, safe=""), quote_plus(raw), json.dumps(secret)[1:-1], raw.hex()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        # The first characters depend on what stands before, the last on what follows.
        inner = encoded[(0, 2, 3)[offset] : len(encoded) - (1 if (offset + len(raw)) % 3 else 0)]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {form for form in found if len(form) >= _SHORTEST}


def _blotted(match: re.Match[str]) -> str:
    prefix = _PREFIX.search(match.string[max(0, match.start() - 40) : match.start()])
    name = (prefix[0] if prefix else "") + match["name"]
    return match["name"] + match["between"] + REDACTED if is_sensitive(name) else match[0]


def _learned(exchanges: Iterable[Exchange]) -> set[str]:
    """Every form of every value that stands under a sensitive name in these exchanges."""
    values = set[str]()
    for exchange in exchanges:
        for name, value in (*exchange.request_headers, *exchange.response_headers):
            if is_sensitive(name):
                values |= {value, value.split(" ", 1)[-1]}
        for body in (exchange.request_body, exchange.response_body):
            values |= set(_sensitive_values(_json(body)))
    return {form for value in values for form in forms(value)}


def _json(body: str | None) -> dict[str, object] | list[object] | None:
    if not body or body.lstrip()[:1] not in ("{", "[") or _depth(body) > _DEEPEST:
        return None
    try:
        tree = json.loads(body)
    except ValueError:
        return None
    return tree if isinstance(tree, dict | list) else None


def _depth(body: str) -> int:
    """How deep brackets are nested, at most: what is deeper than we can walk is plain text."""
    steps = (1 if bracket in "[{" else -1 for bracket in re.findall(r"[][{}]", body))
    return max(accumulate(steps), default=0)


def _sensitive_values(tree: object, *, under: bool = False) -> Iterable[str]:
    if isinstance(tree, dict):
        for name, part in tree.items():
            yield from _sensitive_values(part, under=is_sensitive(name))
    elif isinstance(tree, list):
        for part in tree:
            yield from _sensitive_values(part, under=under)
    elif under and isinstance(tree, str):
        yield tree


def _without_sensitive(tree: object, *, under: bool = False) -> object:
    if isinstance(tree, dict):
        return {n: _without_sensitive(part, under=is_sensitive(n)) for n, part in tree.items()}
    if isinstance(tree, list):
        return [_without_sensitive(part, under=under) for part in tree]
    return REDACTED if under and tree is not None else tree


def _cut(body: str, length: int) -> str:
    return body if len(body) <= length else f"{body[: max(0, length)]}… and more"


def _scheme(value: str) -> str:
    """`Bearer ` of an Authorization header stays, it tells how something was sent."""
    scheme, space, _ = value.partition(" ")
    return scheme + space if space and scheme.lower() in ("bearer", "basic", "digest") else ""
