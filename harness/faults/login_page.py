"""A dependency's place is taken by a page to log in on."""

from typing import ClassVar

from harness.faults._answer import AnswersItself

PAGE = """<!doctype html>
<html><head><title>Sign in</title></head><body>
<form method="post" action="/login">
<input name="user"><input name="password" type="password"><button>Sign in</button>
</form></body></html>
"""


class LoginPage(AnswersItself):
    """Every request to the dependency is answered with 200, and an HTML page to log in on."""

    answer: ClassVar = {"status": 200, "content_type": "text/html; charset=utf-8", "body": PAGE}
