import warnings

from django.apps import AppConfig

# WhiteNoise hands Django's ASGI handler plain files. They are small and read whole, so the warning does not matter.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
# On one machine static files come straight from the sources, so the folder for collected files does not exist.
warnings.filterwarnings("ignore", "No directory at: ", module="django.core.handlers.base")


class CarbonTrackConfig(AppConfig):
    name = "carbontrack"

    def ready(self) -> None:
        from carbontrack import checks  # noqa: F401  registers the system checks
