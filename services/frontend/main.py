"""What uvicorn runs."""

from services.frontend.app import create
from services.frontend.settings import FrontendSettings
from services.settings import load

app = create(load(FrontendSettings))
