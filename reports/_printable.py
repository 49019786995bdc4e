"""Text from a server, made harmless for whoever reads it."""

LONGEST = 600


def printable(text: str) -> str:
    """Text as a terminal can show it: what a server put in to steer one is spelled out."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def shortened(text: str) -> str:
    """Text as long as a reader takes in; the whole of it is in results.jsonl."""
    more = len(text) - LONGEST
    return text if more <= 0 else f"{text[:LONGEST]}… and {more} characters more"
