"""Routes for whatever is below a path: Starlette's own `path` leaves out what has a line break."""

from starlette.convertors import Convertor, register_url_convertor


class _Anywhere(Convertor[str]):
    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anywhere", _Anywhere())
# As the end of a route's path.
ANYWHERE = "/{rest:anywhere}"
