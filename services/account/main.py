"""What the server runs."""

from services.account.app import create
from services.account.settings import AccountSettings
from services.settings import load

app = create(load(AccountSettings))
