"""What the demo broker lets a login publish and read: our topics, and the foreign ones of device profiles.

The broker asks about each message without waiting, so the foreign topics are read while it checks logins, which it does
in a thread: at each sign-in, and every few seconds for those that are connected.
"""

from collections.abc import Mapping

from devices import access, credentials
from devices.credentials import TopicUse, is_ingest
from devices.foreign_topics import filters_in_use, topics_of
from devices.models import MCUDevice


class TopicRules:
    def __init__(self) -> None:
        self._topics: dict[str, list[str]] = {}
        self._filters: list[list[str]] = []

    def check_login(self, client_id: str, username: str, password: str) -> bool:
        self._read()
        return access.let_in(client_id, username, password)

    def ended_logins(self, open_logins: Mapping[str, str]) -> set[str]:
        self._read()
        return credentials.ended_logins(open_logins)

    def may_use_topic(self, username: str, topic: str, use: TopicUse) -> bool:
        if username in self._topics:
            return use == "publish" and topic in self._topics[username]
        if is_ingest(username) and use != "publish" and self._is_foreign(topic):
            return True
        return credentials.may_use_topic(username, topic, use)

    def _is_foreign(self, topic: str) -> bool:
        levels = topic.split("/")
        return any(
            len(each) == len(levels) and all(a in ("+", b) for a, b in zip(each, levels, strict=True))
            for each in self._filters
        )

    def _read(self) -> None:
        devices = MCUDevice.objects.filter(profile__isnull=False, revoked_at=None).select_related("profile")
        self._topics = {device.device_id: topics_of(device) for device in devices}
        self._filters = [each.split("/") for each in filters_in_use()]
