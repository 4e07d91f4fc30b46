__all__ = [
    "ServeSettings",
    "create_app",
    "predict_bytes",
    "run_server",
]

from .adapters import predict_bytes as predict_bytes
from .app import create_app as create_app
from .dispatcher import Dispatcher as Dispatcher
from .dispatcher import QueueFullError as QueueFullError
from .server import run_server as run_server
from .settings import ServeSettings as ServeSettings
