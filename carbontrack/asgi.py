"""ASGI entry point: what the Procfile and the demo serve."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carbontrack.settings")
application = get_asgi_application()
