"""What uvicorn runs."""

from services.edge.app import create
from services.edge.settings import EdgeSettings
from services.settings import load

app = create(load(EdgeSettings))
