"""What uvicorn runs."""

from services.gateway.app import create
from services.gateway.settings import GatewaySettings
from services.settings import load

app = create(load(GatewaySettings))
