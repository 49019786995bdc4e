"""A stand-in, not Fly: how it can lie, for tests."""

from enum import StrEnum


class Lie(StrEnum):
    """How the stand-in lies about an app."""

    IDLE = "a deployment succeeds, and no machine is changed"
    HALF = "a deployment succeeds, and every second machine is not changed"
    BACK = "a deployment succeeds, and the old image is back right after it"
    REFUSED = "a machine that is to be changed is refused"
    HANG = "nothing is answered"
    HANG_IN_DEPLOY = "a machine that is to be changed gives no answer"
    RUBBISH = "every answer is a web page"
    EMPTY = "every answer is an empty object"
    UNAUTHORISED = "the token is not accepted"
