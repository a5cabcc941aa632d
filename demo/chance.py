"""Repeatable random numbers: the same in every process and after every restart."""

_MASK = 2**64 - 1
_GOLDEN = 0.6180339887498949


def draw(seed: int, channel: int, moment: int = 0) -> float:
    """A number in [0, 1) that looks random and is always the same (the finaliser of splitmix64)."""
    x = (seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03 + moment * 0x8CB92BA72F3D8DD7 + 1) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return (x ^ (x >> 31)) / 2**64


def either_side(seed: int, channel: int, moment: int = 0) -> float:
    """A number in [-1, 1)."""
    return 2.0 * draw(seed, channel, moment) - 1.0


def spread(number: int, start: float = 0.0) -> float:
    """Steps of the golden ratio fill [0, 1) evenly, so that no two neighbours in a list look alike."""
    return (start + number * _GOLDEN) % 1.0


def rise(share: float) -> float:
    """Rises smoothly from 0 to 1."""
    share = min(1.0, max(0.0, share))
    return share * share * (3.0 - 2.0 * share)


def wave(seed: int, channel: int, at: float, period: float) -> float:
    """Smooth noise in [-1, 1] that is uncorrelated after about `period`."""
    step, into = divmod(at, period)
    before = draw(seed, channel, int(step))
    after = draw(seed, channel, int(step) + 1)
    return 2.0 * (before + (after - before) * rise(into / period)) - 1.0
