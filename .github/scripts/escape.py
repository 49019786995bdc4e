"""Text from elsewhere, made harmless for where it goes: a server under test may have written it."""

import re

# What Markdown, or GitHub on top of it, gives a meaning to within a line.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$:])")
# A word joiner: nobody sees it, and what follows @ or # is no longer a name or a number.
_APART = "\u2060"


def plain(text: str, most: int = 200) -> str:
    """One printable line of at most so many characters."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def message(text: str) -> str:
    """The message of a workflow command (`::error::…`), as GitHub's toolkit escapes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def markdown(text: str, most: int = 200) -> str:
    """A line for the flow of a Markdown text: no markup, no mention, no reference to an issue."""
    escaped = _MARKUP.sub(r"\\\1", plain(text, most))
    return escaped.replace("@", f"@{_APART}").replace("\\#", f"\\#{_APART}")


def code(text: str, most: int = 200) -> str:
    """A line of code within the flow: there GitHub looks for no mention and no reference."""
    line = plain(text, most).replace("`", "'")
    return f"`{line or ' '}`"


def block(text: str, most: int = 4000) -> str:
    """A block of code that the text cannot end: in it GitHub sees neither markup nor mentions."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    clean = "\n".join(
        "".join(each if each.isprintable() or each == "\t" else "\ufffd" for each in line)
        for line in lines
    )
    if len(clean) > most:
        clean = f"{clean[: most - 1]}…"
    longest = max((len(run) for run in re.findall(r"`+", clean)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{clean}\n{fence}"
