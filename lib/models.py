"""The one table that belongs to no business noun: heartbeats. `lib/heartbeats.py` writes and reads it."""

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a process that has no web address: an ingest worker, the worker."""

    name = models.CharField(primary_key=True, max_length=64)
    beat_at = models.DateTimeField()  # by the database's clock
    problem = models.TextField(blank=True)  # what it waits for; empty when it works

    def __str__(self) -> str:
        return self.name
