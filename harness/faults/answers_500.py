"""A dependency answers with errors."""

from typing import ClassVar

from harness.faults._answer import AnswersItself


class Answers500(AnswersItself):
    """Every request to the dependency is answered with 500 and a page of HTML."""

    answer: ClassVar = {
        "status": 500,
        "content_type": "text/html; charset=utf-8",
        "body": "<html><body><h1>500 Internal Server Error</h1><hr>proxy-7.internal</body></html>",
    }
