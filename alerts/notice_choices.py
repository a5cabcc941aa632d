"""Enums of notices, shared by models, API and forms."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ChannelKind(models.TextChoices):
    """How a person is reached; `channels.py` has a row for each."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", "WhatsApp"
    TELEGRAM = "telegram", "Telegram"
    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"
    WEBHOOK = "webhook", _("Webhook")


class GatewayKind(models.TextChoices):
    """An organisation's account at a service that sends for it."""

    AFRICAS_TALKING = "africas_talking", "Africa's Talking"
    TWILIO = "twilio", "Twilio"
    VONAGE = "vonage", "Vonage"
    WHATSAPP_CLOUD = "whatsapp_cloud", _("WhatsApp Business (Cloud API)")
    TELEGRAM_BOT = "telegram_bot", _("Telegram bot")


class NoticeKind(models.TextChoices):
    ALARM = "alarm", pgettext_lazy("notice", "alarm")
    OVER = "over", pgettext_lazy("notice", "alarm is over")
    PROOF = "proof", pgettext_lazy("notice", "code of a new channel")
    BRIEF = "brief", pgettext_lazy("notice", "brief at 06:00")


class NoticeState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("notice", "waiting")
    SENT = "sent", pgettext_lazy("notice", "sent")
    FAILED = "failed", pgettext_lazy("notice", "failed")
    SUPPRESSED = "suppressed", pgettext_lazy("notice", "not sent")


class Suppression(models.TextChoices):
    """Why a notice was not sent, though nothing failed."""

    CAP = "cap", _("the cap of this month is reached")
    OVER = "over", _("the alarm was over or taken before it was due")
    NO_RIGHT = "no_right", _("the person may not see the site any more")
    NO_GATEWAY = "no_gateway", _("the organisation has no gateway for it")
    SWITCHED_OFF = "switched", _("the channel was removed or switched off")
