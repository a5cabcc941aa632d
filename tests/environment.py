"""The environment of the test session, set before Django reads its settings: a folder and ports of our own.

Loaded as a pytest plugin (`-p tests.environment`), because pytest-django imports the settings before any
conftest.py. What a developer has in .env or exported must not decide a test, so every variable that the
settings read is set or emptied here.
"""

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest

DATA_DIR = Path(tempfile.mkdtemp(prefix="carbontrack-test-"))
# The embedded server may run as another user, who must be able to come in.
DATA_DIR.chmod(0o755)

_EMPTIED = """
    DATABASE_URL SECRET_KEY MQTT_BROKER_URL MQTT_CA_FILE MQTT_PUBLIC_HOST ALLOWED_HOSTS CSRF_TRUSTED_ORIGINS
    CARBONTRACK_DEMO DEBUG HTTPS HTTP_BIND HTTP_PORT MQTT_PORT DEMO_FLEET DEMO_PASSWORD EMAIL_URL LOG_LEVEL
    INGEST_RATE_LIMIT_PER_S INGEST_RATE_BURST INGEST_METRICS_PORT DEFAULT_FROM_EMAIL PROXY_COUNT
    DISK_PATH DISK_FLOOR_MB NOTIFY_SOCKET
    SECURITY_CONTACT SECURITY_CONTACT_EXPIRES SECRET_KEY_FALLBACKS
    DATABASE_DIRECT_URL CACHE_URL WEB_REQUESTS_AT_ONCE
    MQTT_ACCESS MQTT_ADMIN_URL PUBLIC_URL OUTGOING_ALLOWED
""".split()
os.environ.update(dict.fromkeys(_EMPTIED, ""))
os.environ.pop("WEB_CONCURRENCY", None)  # uvicorn reads it too, and takes an empty one for a wrong number
os.environ["DATA_DIR"] = str(DATA_DIR)
# Workers of tests, drill and benchmarks, and clients of tests that watch or command devices.
os.environ["INGEST_WORKERS"] = "a,b,w0,w1,w2,w3,w4,w5,w6,w7,watch0,watch1,watch2,watch3,orders"
# Playwright's synchronous API runs an event loop in the test's thread; our ORM calls there are not async.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


# The same examples at every run of CI: what it says must not depend on luck. Developers' runs look for new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    shutil.rmtree(DATA_DIR, ignore_errors=True)
