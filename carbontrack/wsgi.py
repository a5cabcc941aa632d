"""WSGI entry point, for `manage.py runserver` and plain WSGI servers; live streams prefer ASGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "carbontrack.settings")
application = get_wsgi_application()
