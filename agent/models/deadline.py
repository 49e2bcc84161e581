"""A bound on how long one blocking call may take in all.

HTTP libraries bound the silence between two bytes: a server that drips a byte now and
then would hold a worker for ever.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["run_within"]

Value = TypeVar("Value")


def run_within(call: Callable[[], Value], seconds: float) -> Value:
    """Run a call in a thread of its own, and stop waiting for it when time is up.

    The thread is left to itself then: it ends with its call, and at the latest with the
    process.

    Raises:
        TimeoutError: Time was up.
    """
    values: list[Value] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            values.append(call())
        except BaseException as error:  # noqa: BLE001 - handed to the caller whole
            errors.append(error)

    thread = threading.Thread(target=run, name="model request", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not values:
        msg = f"no whole answer within {seconds:g} s"
        raise TimeoutError(msg)
    return values[0]
