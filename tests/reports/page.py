"""A page as a strict reader sees it: every element ended in order, every name given once."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta"}
# What could do something, or ask somebody for something.
ACTIVE = {"script", "link", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}


@dataclass
class Page(HTMLParser):
    """What is in a page. Raises AssertionError where it is not well formed."""

    source: str
    open: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    @property
    def ids(self) -> list[str]:
        return [value for value in self.values("id") if value]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str) -> list[str | None]:
        return [found[attribute] for _, found in self.elements if attribute in found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"<{tag}> has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)
