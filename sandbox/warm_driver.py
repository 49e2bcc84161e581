"""Open sandboxes before they are asked for.

Whoever opened a sandbox of a seal is likely to want another of the same, for the next
budget, arm or seed. While it works with one, the next is made in the background.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from sandbox.contract import Driver, Sandbox, SealedCheckout
from sandbox.errors import SandboxError

__all__ = ["WarmDriver"]


class WarmDriver:
    """A driver that keeps some sandboxes of the seals last asked for ready."""

    def __init__(self, driver: Driver, *, size: int) -> None:
        """Take over a driver; it is closed with this one.

        Args:
            driver: What makes the sandboxes.
            size: How many are kept ready, of all seals together.
        """
        self._driver = driver
        self._size = size
        self._ready: list[tuple[SealedCheckout, Future[Sandbox]]] = []
        self._lock = threading.Lock()
        self._making = ThreadPoolExecutor(
            max(1, size), thread_name_prefix="sandbox-warming"
        )

    @property
    def name(self) -> str:
        """Name of the driver that makes the sandboxes."""
        return self._driver.name

    @property
    def isolation(self) -> str:
        """What that driver isolates."""
        return self._driver.isolation

    @property
    def image_digest(self) -> str | None:
        """The image of that driver, where it has one."""
        return getattr(self._driver, "image_digest", None)

    def open(self, sealed: SealedCheckout) -> Sandbox:
        """Hand out a sandbox that is ready, or make one; and start on the next."""
        found = self._take(sealed)
        sandbox = None
        if found is not None:
            try:
                sandbox = found.result()
            except SandboxError:
                sandbox = None  # made anew below, where it may fail for all to see
        if sandbox is None:
            sandbox = self._driver.open(sealed)
        self._refill(sealed)
        return sandbox

    def _take(self, sealed: SealedCheckout) -> "Future[Sandbox] | None":
        with self._lock:
            for number, (owner, future) in enumerate(self._ready):
                if owner == sealed:
                    del self._ready[number]
                    return future
        return None

    def _refill(self, sealed: SealedCheckout) -> None:
        with self._lock:
            future = self._making.submit(self._driver.open, sealed)
            self._ready.append((sealed, future))
            surplus = self._ready[: -self._size]
            self._ready = self._ready[-self._size :]
        for _, old in surplus:
            _discard(old)

    def close(self) -> None:
        """Remove what is ready, and all that the driver still holds."""
        with self._lock:
            left, self._ready = self._ready, []
        for _, future in left:
            _discard(future)
        self._making.shutdown(wait=True)
        self._driver.close()


def _discard(future: "Future[Sandbox]") -> None:
    def close(made: "Future[Sandbox]") -> None:
        if not made.cancelled() and made.exception() is None:
            made.result().close()

    if not future.cancel():
        future.add_done_callback(close)
