"""What the supervisor takes from the store of releases, and puts there."""

from collections.abc import Callable, Iterable

from harness.environment import Environment
from harness.errors import UsageError
from harness.stack.code import UNKNOWN, Code, at_up
from harness.stack.releases import Release, store_of
from harness.stack.state import StateDirectory
from harness.stack.trees import identity, parts_of


class Stock:
    """The stored releases of one stack, as code to start services from."""

    def __init__(self, directory: StateDirectory, environment: Environment) -> None:
        self._store = store_of(directory.path)
        self._parts = parts_of(environment)

    def code(self, wanted: str, release: str) -> Code:
        """The stored code of an identity, to be told as a release.

        Raises:
            UsageError: It is not stored, or not as it was.
        """
        found = self._store.of(wanted, release)
        damage = found.damage()
        if damage:
            raise UsageError(damage)
        names = {each.name.removesuffix(".py") for each in found.tree.iterdir()}
        return Code(
            release=release,
            identity=wanted,
            tree=found.tree,
            packages=self._parts.packages & names,
        )

    def keep(self, codes: Iterable[Code], progress: Callable[[str], object]) -> None:
        """Stores the code that services were started from at `up`, so that they can return to it.

        What has been changed there since cannot be had any more: that is told, and no more.
        """
        for code in codes:
            reason = self._kept(code)
            if reason:
                progress(f"there will be no way back to {code.release}: {reason}")

    def _kept(self, code: Code) -> str | None:
        try:
            self._store.of(code.identity, code.release)
        except UsageError:
            pass
        else:
            return None
        try:
            sources = at_up(self._parts)
            if code.identity == UNKNOWN or not sources or identity(sources) != code.identity:
                return "its files were changed after `up`"
            self._take(code)
        except (UsageError, OSError) as error:
            return str(error)
        return None

    def _take(self, code: Code) -> Release:
        """Under its own id, or, where that is another's already, with its identity added."""
        sources = at_up(self._parts)
        assert sources is not None, "they have just been looked at"
        source = "what the stack was started on"
        digest = code.identity.partition(":")[2][:12]
        other = f"{code.release[:80]}+{digest}"
        taken = code.release not in self._store.ids()
        return self._store.take(code.release if taken else other, sources, source)
