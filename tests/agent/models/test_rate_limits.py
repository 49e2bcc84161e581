"""The gate that all workers of a run share."""

import threading

import pytest

from agent.errors import ModelError
from agent.messages import Message
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from agent.models.rate_limits import RateLimits
from tests.agent.chat_server import Answer, ChatServer, Status


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


def test_without_limits_nobody_waits() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock, sleep=clock.sleep)

    for _ in range(100):
        with limits.slot():
            limits.count_tokens(1000)

    assert clock.waits == []


def test_requests_of_a_minute_are_limited() -> None:
    clock = Clock()
    limits = RateLimits(requests_per_minute=3, clock=clock, sleep=clock.sleep)
    times = []
    for _ in range(7):
        with limits.slot():
            times.append(clock.now_s)
        clock.now_s += 1

    assert times == [0, 1, 2, 60, 61, 62, 120]


def test_tokens_of_a_minute_are_limited() -> None:
    clock = Clock()
    limits = RateLimits(tokens_per_minute=100, clock=clock, sleep=clock.sleep)
    times = []
    for _ in range(3):
        with limits.slot():
            times.append(clock.now_s)
        limits.count_tokens(70)
        clock.now_s += 1

    assert times == [0, 1, 60]


def test_no_more_requests_run_at_once_than_allowed() -> None:
    limits = RateLimits(concurrent=2)
    lock, inside, most = threading.Lock(), 0, 0
    meet = threading.Barrier(2)

    def work() -> None:
        nonlocal inside, most
        with limits.slot():
            with lock:
                inside += 1
                most = max(most, inside)
            meet.wait(10)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert most == 2


def test_a_wait_asked_of_one_worker_holds_back_all() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock, sleep=clock.sleep)
    line = Status(429, headers={"Retry-After": "9"})
    conversation = (Message("user", "Find it."),)
    with ChatServer(line, Answer()) as server:
        options = read_options({"api_base": server.url, "retries": 0})
        first = LiteLLMModel("hosted_vllm/m", options, limits=limits)
        with pytest.raises(ModelError, match="429"):
            first.complete(conversation, ())
        second = LiteLLMModel("hosted_vllm/m", options, limits=limits)
        reply = second.complete(conversation, ())

    assert reply.content == "Hello."
    assert clock.waits == [9.0]
