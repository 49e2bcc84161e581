"""One gate for all workers that ask the same provider."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["RateLimits"]

_MINUTE_S = 60.0


class RateLimits:
    """How often, and how many at once, a provider may be asked.

    When the provider tells one worker to wait, all of them do: asking on would only
    earn each of them a refusal of its own.
    """

    def __init__(
        self,
        *,
        concurrent: int | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._slots = threading.Semaphore(concurrent) if concurrent else None
        self._requests_per_minute = requests_per_minute
        self._tokens_per_minute = tokens_per_minute
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._closed_until = 0.0
        self._sent: deque[float] = deque()
        self._used: deque[tuple[float, int]] = deque()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until a request may go out, and hold its place while it runs."""
        if self._slots is not None:
            self._slots.acquire()
        try:
            while (wait_s := self._reserve()) > 0:
                self._sleep(wait_s)
            yield
        finally:
            if self._slots is not None:
                self._slots.release()

    def close_for(self, seconds: float) -> None:
        """Let nobody ask for a while, because the provider said so."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock() + seconds)

    def count_tokens(self, tokens: int) -> None:
        """Note what a reply used: it bears on the next minute."""
        if self._tokens_per_minute:
            with self._lock:
                self._used.append((self._clock(), tokens))

    def _reserve(self) -> float:
        """Seconds to wait before asking again; 0 where the request is counted."""
        with self._lock:
            now = self._clock()
            while self._sent and self._sent[0] <= now - _MINUTE_S:
                self._sent.popleft()
            while self._used and self._used[0][0] <= now - _MINUTE_S:
                self._used.popleft()
            wait_s = self._closed_until - now
            limit = self._requests_per_minute
            if limit and len(self._sent) >= limit:
                wait_s = max(wait_s, self._sent[0] + _MINUTE_S - now)
            tokens = self._tokens_per_minute
            if tokens and sum(used for _, used in self._used) >= tokens:
                wait_s = max(wait_s, self._used[0][0] + _MINUTE_S - now)
            if wait_s <= 0:
                self._sent.append(now)
            return wait_s
