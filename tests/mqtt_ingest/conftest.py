"""A broker for the tests of the MQTT client; the other tests here need none."""

from tests.mosquitto_fixtures import broker, provision

__all__ = ["broker", "provision"]
