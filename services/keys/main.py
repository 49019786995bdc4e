"""What uvicorn runs."""

from services.keys.app import create
from services.keys.settings import KeysSettings
from services.settings import load

app = create(load(KeysSettings))
