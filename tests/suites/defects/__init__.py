"""Everything that the smoke checks are shown to find, by name."""

from tests.suites.defects import accounts, identities, pages, secrets
from tests.suites.defects.planted import Planted

DEFECTS: dict[str, Planted] = {
    **accounts.DEFECTS,
    **identities.DEFECTS,
    **secrets.DEFECTS,
    **pages.DEFECTS,
}
