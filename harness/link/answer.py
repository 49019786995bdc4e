"""The toxic `answer`, ours: requests are answered by the link, and never reach upstream."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import h11
from pydantic import Field

from harness.link.toxics import Behaviour, Chunk, Ending, Start, Work

_REFUSED = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Answer(Behaviour):
    """Answers every HTTP request with `status`, `content_type` and `body`, or with `raw`.

    `raw` is sent as it is, a byte for each character (Latin-1), and the connection is cut after.
    """

    status: Annotated[int, Field(ge=200, le=599)] = 200
    content_type: Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")] = "text/plain; charset=utf-8"
    body: str = ""
    raw: Annotated[str, Field(pattern=r"^[\x00-\xff]+$")] | None = None
    # It takes what clients send; whichever way was asked for, there is but this one.
    only = "upstream"
    leaves_gaps = True

    def start(self, start: Start) -> Work:
        talk = h11.Connection(h11.SERVER)

        def work(chunk: Chunk) -> Iterable[Chunk]:
            try:
                if chunk.data:
                    talk.receive_data(chunk.data)
                for method in _requests(talk):
                    for reply in self._replies(talk, method):
                        start.reply(chunk._replace(data=reply, ending=None))
                    if self.raw is not None or talk.our_state is h11.MUST_CLOSE:
                        start.reply(Chunk(chunk.due_s, ending=Ending.CUT))
                        break
            except h11.RemoteProtocolError:
                start.reply(Chunk(chunk.due_s, _REFUSED))
                start.reply(Chunk(chunk.due_s, ending=Ending.CUT))
            if chunk.ending:
                yield chunk

        return work

    def _replies(self, talk: h11.Connection, method: bytes) -> Iterator[bytes]:
        if self.raw is not None:
            yield self.raw.encode("latin-1")
            return
        body = self.body.encode()
        about = [("content-type", self.content_type), ("content-length", str(len(body)))]
        events: list[h11.Event] = [h11.Response(status_code=self.status, headers=about)]
        if body and method != b"HEAD" and self.status not in (204, 304):
            events.append(h11.Data(data=body))
        whole = b"".join(talk.send(each) or b"" for each in events)
        yield whole + (talk.send(h11.EndOfMessage()) or b"")


def _requests(talk: h11.Connection) -> Iterator[bytes]:
    """The method of each request that is whole by now."""
    method = b""
    while True:
        event = talk.next_event()
        if isinstance(event, h11.Request):
            method = event.method
        elif isinstance(event, h11.EndOfMessage):
            yield method
            if talk.our_state is h11.DONE and talk.their_state is h11.DONE:
                talk.start_next_cycle()
        elif (
            event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed)
        ):
            return
