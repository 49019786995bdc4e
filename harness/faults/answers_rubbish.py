"""A dependency answers with something that is no HTTP."""

from typing import ClassVar

from harness.faults._answer import AnswersItself


class AnswersRubbish(AnswersItself):
    """Every request to the dependency is answered with bytes that are no HTTP."""

    answer: ClassVar = {"raw": "\x16\x03\x01\x00\x00rubbish\xff\xfe\r\n\r\n"}
