"""How gunicorn runs uvicorn; apart from `protocol.py`, because gunicorn is not for Windows, where the demo runs too."""

from uvicorn_worker import UvicornWorker

from carbontrack.protocol import TimedProtocol


class Worker(UvicornWorker):
    """gunicorn's worker. `PROXY_COUNT` alone says which X-Forwarded-For is believed."""

    CONFIG_KWARGS = {
        "loop": "auto",
        "http": TimedProtocol,
        "ws": "none",
        "proxy_headers": False,
        "server_header": False,
    }
