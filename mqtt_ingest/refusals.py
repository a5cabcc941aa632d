"""Refuses single readings of a batch for reasons that only the database knows: conflicts, and crowded streams."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from emissions.models import STREAM_OFFSET
from mqtt_ingest.identify import Arrival
from mqtt_ingest.messages import Reading
from mqtt_ingest.rules import Problem, refuse
from mqtt_ingest.staging import Content, StagedBatch, content

_Stream = tuple[int, int]  # device, stream as stored


def refuse_staged(arrivals: Sequence[Arrival], staged: StagedBatch, problems: Mapping[int, Problem]) -> list[Arrival]:
    """The same arrivals with the readings at those positions refused, wherever in the batch the same ones stand."""
    refused: dict[_Stream, dict[Content, Problem]] = {}
    for position, problem in problems.items():
        device_pk, _, stream, _ = staged.keys[position]
        refused.setdefault((device_pk, stream), {})[content(staged.readings[position])] = problem
    return [_without(arrival, refused) for arrival in arrivals]


def _without(arrival: Arrival, refused: Mapping[_Stream, Mapping[Content, Problem]]) -> Arrival:
    device, parsed = arrival.device, arrival.parsed
    problems = refused.get((device.pk, parsed.stream - STREAM_OFFSET)) if device else None
    if not problems:
        return arrival
    readings: list[Reading] = []
    rejections = list(parsed.rejections)
    for reading in parsed.readings:
        problem = problems.get(content(reading))
        if problem is None:
            readings.append(reading)
        else:
            rejections.append(refuse(reading, parsed.stream, problem))
    return replace(arrival, parsed=replace(parsed, readings=tuple(readings), rejections=tuple(rejections)))
