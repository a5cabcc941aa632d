"""The worker's part in tests: the real task, in the process of the test, whose transaction no other process sees."""

from lib.background import claim


def run_next() -> bool:
    """Do the task whose turn it is; whether there was one."""
    task = claim()
    if task is not None:
        task.perform(lambda _done, _total: None)
    return task is not None
