"""Those who ask, as the environment file declares them: what they send with a request."""

import asyncio
import json

from harness.environment import Environment, Login
from harness.errors import ContractViolation
from harness.pointer import pointed_at
from harness.redaction import Redactor
from harness.target import Target


class Identities:
    """Gives the headers of each identity; who has to log in does so once a run.

    Args:
        targets: By service; where logins go.
        secrets: Told every token that a login answers with.
    """

    def __init__(
        self, environment: Environment, targets: dict[str, Target], secrets: Redactor
    ) -> None:
        self._declared = environment.identities
        self._targets = targets
        self._secrets = secrets
        self._tokens: dict[str, str] = {}
        self._one_at_a_time = asyncio.Lock()

    async def headers(self, name: str) -> dict[str, str]:
        """What this identity sends.

        Raises:
            ContractViolation, ServerFailure, Unreachable, NoData: It cannot log in.
        """
        declared = self._declared[name]
        if declared.headers is not None:
            return {header: value.get_secret_value() for header, value in declared.headers.items()}
        if declared.login is None:
            assert declared.token is not None, "an identity is one of three"
            return _bearer(declared.token.get_secret_value())
        async with self._one_at_a_time:
            if name not in self._tokens:
                self._tokens[name] = await self._logged_in(declared.login)
        return _bearer(self._tokens[name])

    async def _logged_in(self, login: Login) -> str:
        body = {member: value.get_secret_value() for member, value in login.json_.items()}
        response = await self._targets[login.service].post(
            login.path, expect=login.expect_status, json=body
        )
        try:
            token = pointed_at(json.loads(response.content), login.token)
        except ValueError:
            token = None
        if not isinstance(token, str) or not token:
            raise ContractViolation(
                f"POST {login.path}", expected=f"a token at {login.token}", came="none"
            )
        self._secrets.register(token)
        return token


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
