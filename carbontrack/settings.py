"""All settings, in titled blocks. Every variable read here is described in `.env.example`.

No logic beyond choosing defaults; typed reading lives in `lib/environment.py`, warnings in `checks.py`.
"""

import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pghistory
from django.utils.translation import gettext_lazy as _

from lib import environment
from lib.environment import BASE_DIR
from lib.local import ports as local_ports
from lib.local import secrets as local_secrets
from lib.local.postgres import LocalPostgres

# --- Where things are ---------------------------------------------------------------------------
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()

# --- Who we are: on one machine (no DATABASE_URL) or in production --------------------------------
DATABASE_URL = environment.text("DATABASE_URL", "")
IS_LOCAL = not DATABASE_URL
DEMO = environment.boolean("CARBONTRACK_DEMO", False)
DEBUG = environment.boolean("DEBUG", False)
# Django's own server has no TLS, so no setting may demand https under it.
IS_RUNSERVER = sys.argv[1:2] == ["runserver"]
SECRET_KEY = environment.text("SECRET_KEY", "") or local_secrets.secret_key(DATA_DIR, IS_LOCAL)
# Earlier keys: what they signed or encrypted still counts.
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS", [])
HTTP_BIND = environment.text("HTTP_BIND", "127.0.0.1")
_own_names = ["localhost", "127.0.0.1", "[::1]"]
# A demo that is open to the LAN answers to any host name, because we do not know its names in the LAN.
_any_name = IS_LOCAL and HTTP_BIND not in environment.LOOPBACK_HOSTS
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", ["*"] if _any_name else _own_names)
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", [])
# Number of our own proxies in front: the rate limits trust their X-Forwarded-For. 0: trust none.
PROXY_COUNT = environment.integer("PROXY_COUNT", 0 if IS_LOCAL else 1, lowest=0, highest=10)

# --- The one-machine demo ---------------------------------------------------------------------
if IS_LOCAL and sys.argv[1:2] != ["run_demo"]:
    # A command in a second terminal finds the ports of the running demo.
    local_ports.adopt(DATA_DIR)
HTTP_PORT = environment.integer("HTTP_PORT", 8000, lowest=1, highest=65535)
MQTT_PORT = environment.integer("MQTT_PORT", 8883, lowest=1, highest=65535)
DEMO_PASSWORD = environment.text("DEMO_PASSWORD", "carbontrack-demo")
DEMO_FLEET = environment.integer("DEMO_FLEET", 67, lowest=0, highest=500)
DEMO_HISTORY_MONTHS = environment.integer("DEMO_HISTORY_MONTHS", 13, lowest=0, highest=13)

# --- Applications -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_yasg",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "pgtrigger",
    "pghistory",
    "lib",
    "carbontrack",
    "accounts",
    "factories",
    "devices",
    "logbook",
    "production",
    "emissions",
    "energy",
    "compliance",
    "mqtt_ingest",
    "leaderboard",
    "alerts",
    "audit",
    "portal",
    "demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages are for weak networks. Django pads compressed answers, so that their lengths reveal no secret.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "carbontrack.security.PermissionsPolicyMiddleware",
    "accounts.middleware.NoStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.UserLanguageMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "audit.reads.ReadsMiddleware",
]
ROOT_URLCONF = "carbontrack.urls"
WSGI_APPLICATION = "carbontrack.wsgi.application"
ASGI_APPLICATION = "carbontrack.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ]
        },
    }
]

# --- Database: PostgreSQL only ----------------------------------------------------------------
DATABASES = {
    "default": environment.database("DATABASE_URL", DATABASE_URL)
    if DATABASE_URL
    else LocalPostgres(DATA_DIR).django_settings()
}
# The way past a pooler such as PgBouncer, which DATABASE_URL then names: for listening, and for whole processes that
# keep their connection (ingest) or change tables.
DATABASE_DIRECT_URL = environment.text("DATABASE_DIRECT_URL", "")
DATABASE_DIRECT = environment.database("DATABASE_DIRECT_URL", DATABASE_DIRECT_URL) if DATABASE_DIRECT_URL else {}
if DATABASE_DIRECT:
    # A pooler gives each transaction another session, and a cursor of the server is of one session.
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
    if sys.argv[1:2] in (["ingest_mqtt"], ["migrate"]):
        DATABASES["default"] |= DATABASE_DIRECT
# A live stream keeps no connection, and pgbouncer does the pooling: persistent connections would only accumulate.
DATABASES["default"]["CONN_MAX_AGE"] = 0
# knox's own migrations create a token table that nothing would use, because our model replaces it.
MIGRATION_MODULES = {"knox": None}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
# Rate limits must hold across processes, so the cache is one that all of them share.
CACHES = {"default": {"BACKEND": "lib.shared_cache.SharedCache", "LOCATION": "shared_cache"}}
# Valkey or Redis for the limit of reading; empty: counted in each process.
CACHE_URL = environment.text("CACHE_URL", "")
CLAMD_ADDRESS = environment.local_address("CLAMD_ADDRESS")

# Requests that a web process answers at once. Each may hold one database connection: the sum over all web processes
# stays below the server's max_connections, with room for ingest, worker, and a listener and two watchers a process.
WEB_REQUESTS_AT_ONCE = environment.integer("WEB_REQUESTS_AT_ONCE", 40, lowest=1, highest=1_000)
WEB_CONCURRENCY = environment.integer("WEB_CONCURRENCY", 1 if IS_LOCAL else 2, lowest=1, highest=1_000)

# --- Disk: below the floor ingest stores and acknowledges nothing -------------------------------------
DISK_PATH = Path(environment.text("DISK_PATH", "") or DATA_DIR)
DISK_FLOOR_MB = environment.integer("DISK_FLOOR_MB", 256, lowest=0, highest=1_000_000)

# --- MQTT -------------------------------------------------------------------------------------
_ingest_password = quote(local_secrets.ingest_password(DATA_DIR) if IS_LOCAL else "", safe="")
MQTT_BROKER_URL = environment.broker_url(
    "MQTT_BROKER_URL", f"mqtts://carbontrack-ingest:{_ingest_password}@127.0.0.1:{MQTT_PORT}"
)
MQTT_CA_FILE = environment.text("MQTT_CA_FILE", str(DATA_DIR / "broker" / "ca.pem") if IS_LOCAL else "")
# The address for devices, if it differs from that of ingest behind a firewall.
MQTT_PUBLIC_HOST = environment.text("MQTT_PUBLIC_HOST", "")
FIRMWARE_PUBLIC_KEY = environment.public_key("FIRMWARE_PUBLIC_KEY")
# How logins reach the broker: `devices/broker.py`.
MQTT_ADMIN_URL = environment.broker_url("MQTT_ADMIN_URL", MQTT_BROKER_URL)
MQTT_ACCESS = environment.one_of(
    "MQTT_ACCESS",
    "DYNSEC" if environment.text("MQTT_ADMIN_URL", "") else "DATABASE" if IS_LOCAL else "FILES",
    ("DYNSEC", "FILES", "EXTERNAL", "DATABASE"),
)
# Each has a login of its own at the broker; a lone worker needs no name.
INGEST_WORKERS = environment.names("INGEST_WORKERS")
INGEST_RATE_LIMIT_PER_S = environment.integer("INGEST_RATE_LIMIT_PER_S", 200, lowest=1, highest=1_000_000)
INGEST_RATE_BURST = environment.integer("INGEST_RATE_BURST", 5_000, lowest=1, highest=10_000_000)
INGEST_METRICS_PORT = environment.integer("INGEST_METRICS_PORT", 0, lowest=0, highest=65535)

# --- People and sign-in -----------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email", "phone"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# An address counts once a code that was mailed to it was typed in; `accounts/adapter.py` says who is asked for it.
# Until then the new address is in the session only, so it opens nothing: no sign-in, no new password, no invitation.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_FORMS = {"reset_password": "accounts.forms.ResetPasswordForm"}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
# Wrong passwords are counted in accounts/attempts.py; `login_failed` is the limit of wrong codes of a second factor.
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "5/5m/key", "confirm_email": "5/10m/key"}
MFA_ADAPTER = "accounts.second_factor.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"add_webauthn": "accounts.forms.AddPasskeyForm"}
MFA_TOTP_ISSUER = "Carbon Track"
# allauth refuses it, so that nobody signs up with a stranger's address and keeps them out. Nobody signs up here.
MFA_ALLOW_UNVERIFIED_EMAIL = True
SOCIALACCOUNT_ADAPTER = "accounts.sign_on.SignOnAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 - the name of a model
REST_KNOX = {"TOKEN_TTL": timedelta(hours=12), "TOKEN_PREFIX": "ct_"}

# --- Audit history: every insert, update and delete of a tracked table, by triggers; never edited ---------
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
PGHISTORY_APPEND_ONLY = True

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiTokenAuthentication",
        "accounts.authentication.BrowserSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.DenyUnlessDeclared"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "lib.negotiation.AnyAcceptNegotiation",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["lib.parsers.Utf8JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "lib.pagination.PageNumberPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["lib.limits.ReadThrottle", "lib.limits.ScopeThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": "1200/min",
        "login": "20/min",
        "write_emissions": "600/min",
        "register": "20/hour",
        "join": "20/min",
    },
    "EXCEPTION_HANDLER": "lib.errors.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": PROXY_COUNT,
}
SWAGGER_USE_COMPAT_RENDERERS = False
SWAGGER_SETTINGS = {
    "DEFAULT_AUTO_SCHEMA_CLASS": "lib.known_names.ListSchema",
    "SPEC_URL": "schema-json",
    "DEFAULT_INFO": "carbontrack.openapi.API_INFO",
    "SECURITY_DEFINITIONS": {"Token": {"type": "apiKey", "name": "Authorization", "in": "header"}},
    "USE_SESSION_AUTH": False,
    "VALIDATOR_URL": None,
    "PERSIST_AUTH": True,
}
REDOC_SETTINGS = {
    "SPEC_URL": "schema-json",
    "LAZY_RENDERING": False,
    "NATIVE_SCROLLBARS": True,
    "FETCH_SCHEMA_WITH_QUERY": False,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Language and time ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("sw", _("Kiswahili"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"

# --- Static files -----------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# One machine serves straight from the sources; production runs collectstatic (Procfile: release).
WHITENOISE_USE_FINDERS = IS_LOCAL
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Browser security -------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
IS_HTTPS = environment.boolean("HTTPS", not IS_LOCAL and not IS_RUNSERVER)
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
# Asked for from this machine, by its own address.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
# How long a browser refuses plain http, even if https fails: an hour until https has proved itself. Subdomains and
# the preload list of browsers, which is hard to leave, are the domain owner's to decide.
SECURE_HSTS_SECONDS = environment.integer("HSTS_SECONDS", 3_600 if IS_HTTPS else 0, lowest=0, highest=63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.boolean("HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = environment.boolean("HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # they want the two on
# For /.well-known/security.txt: addresses (mailto:, https:) and the last day on which they hold.
SECURITY_CONTACT = environment.addresses("SECURITY_CONTACT", ("mailto:", "https://", "tel:"))
SECURITY_CONTACT_EXPIRES = environment.day("SECURITY_CONTACT_EXPIRES")
SESSION_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_SECURE = IS_HTTPS

# --- Notices: links in them, and where their channels may connect ------------------------------------
_name = next((name.lstrip(".") for name in ALLOWED_HOSTS if "*" not in name), "localhost")
PUBLIC_URL = environment.public_url("PUBLIC_URL", f"http://127.0.0.1:{HTTP_PORT}" if IS_LOCAL else f"https://{_name}")
# Private networks that a channel may connect to all the same. For tests: a check refuses it in production.
OUTGOING_ALLOWED = environment.networks("OUTGOING_ALLOWED")

# --- Mail, logs -------------------------------------------------------------------------------
EMAIL_URL = environment.text("EMAIL_URL", "consolemail://")
vars().update(environment.email("EMAIL_URL", EMAIL_URL))
EMAIL_TIMEOUT = 30  # s
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "carbontrack@localhost")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"not_overload": {"()": "lib.outages.NotOverloadFilter"}},
    "handlers": {"console": {"class": "lib.console.ConsoleHandler", "formatter": "line"}},
    "loggers": {
        "django.request": {"filters": ["not_overload"]},
        # Apprise names the number or address of each failure; a notice keeps its own error.
        "apprise": {"propagate": False},
    },
    "root": {"handlers": ["console"], "level": environment.one_of("LOG_LEVEL", "INFO", LOG_LEVELS)},
}
