"""What the server runs."""

from services.auth.app import create
from services.auth.settings import AuthSettings
from services.settings import load

app = create(load(AuthSettings))
