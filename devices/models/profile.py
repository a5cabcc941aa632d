"""The table of device profiles: what a sensor that does not speak our contract sends, in our fields.

What its columns may hold is checked by `devices/profile_spec.py`; changes go through `devices/profiles.py`. The
history is the event table: `version` names each state.
"""

import pghistory
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.profile_spec import TimeFormat


@pghistory.track()
class DeviceProfile(models.Model):
    """Topics and JSON paths of one kind of foreign sensor, of one organisation."""

    organisation = models.ForeignKey("factories.Organisation", models.PROTECT, related_name="device_profiles")
    name = models.CharField(_("name"), max_length=60)
    version = models.PositiveIntegerField(_("version"), default=1)
    topic = models.CharField(_("topic of values"), max_length=200, help_text=_("like tele/{device}/SENSOR"))
    status_topic = models.CharField(
        _("topic of its state"), max_length=200, blank=True, help_text=_("like tele/{device}/LWT; may stay empty")
    )
    online_text = models.CharField(_("text when on line"), max_length=40, blank=True, default="Online")
    offline_text = models.CharField(_("text when off line"), max_length=40, blank=True, default="Offline")
    time_path = models.CharField(
        _("path of the time"), max_length=200, blank=True, help_text=_("empty: the time at which the message arrives")
    )
    time_format = models.CharField(
        _("how the time is written"), max_length=8, choices=TimeFormat, default=TimeFormat.ISO
    )
    interval_s = models.FloatField(
        _("interval (s)"), default=300.0, validators=[MinValueValidator(1.0), MaxValueValidator(3600.0)]
    )
    mappings = models.JSONField(_("mappings"), default=list, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("device profile")
        verbose_name_plural = _("device profiles")
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="device_profile_name_once"),
            models.CheckConstraint(
                condition=Q(topic__contains="{device}") & ~Q(topic__startswith="carbontrack/"),
                name="device_profile_topic_is_foreign",
            ),
        ]

    def __str__(self) -> str:
        return self.name
