"""What GitHub says when it refuses, in words that tell what to do.

Source: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

import httpx

_LONGEST = 300
_PERMISSION = "the token needs the repository permission Deployments: read and write"


def refusal(answer: httpx.Response, repository: str) -> str:
    """Why it refused, and what would help."""
    what = said(answer)
    match answer.status_code:
        case 401:
            return f"the token is not accepted, it may have expired: {what}"
        case 403:
            return f"refused: {what}; {_PERMISSION}"
        case 404:
            return (
                f"there is no repository {repository} that this token can see: {what}; "
                f"check ledger.settings.repository; {_PERMISSION}"
            )
        case 422 if "no ref found" in what.lower():
            return (
                f"{repository} does not have what the entry was to point at: {what}; "
                "set ledger.settings.ref to a branch, a tag or a commit that it has"
            )
        case code:
            return f"refused with {code}: {what}"


def said(answer: httpx.Response) -> str:
    """GitHub's own words, short, in characters that no terminal acts on."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        problems = body.get("errors")
        parts = [body.get("message"), *(problems if isinstance(problems, list) else [problems])]
        text = "; ".join(_words(part) for part in parts if part)
    else:
        text = answer.reason_phrase
    shown = "".join(char if char.isprintable() else " " for char in text)[:_LONGEST]
    return shown or "nothing is said"


def _words(part: object) -> str:
    """A problem is a text, or `{resource, field, code, message}`."""
    if isinstance(part, dict):
        keys = ("resource", "field", "code", "message")
        return " ".join(str(part[key]) for key in keys if part.get(key))
    return str(part)
