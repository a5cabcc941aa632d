from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MqttIngestConfig(AppConfig):
    name = "mqtt_ingest"
    verbose_name = _("Ingest")
