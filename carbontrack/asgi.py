"""ASGI entry point: what the Procfile and the demo serve."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carbontrack.settings")
_django = get_asgi_application()

from carbontrack.bounds import Bounded  # noqa: E402  # it reads the settings

application = Bounded(_django)
