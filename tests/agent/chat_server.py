"""A chat-completions server on loopback that answers, or misbehaves, on a schedule.

Every line of the schedule serves one request. It stops by itself: a hanging line waits
for the server's end, and never longer than `HANG_S`.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from agent.messages import Message
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options

__all__ = [
    "Answer",
    "Break",
    "ChatServer",
    "Hold",
    "Line",
    "Received",
    "Status",
    "Write",
    "tool_call",
    "warm_up",
]

HANG_S = 20.0
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A well-formed reply; streamed where the request asks for it."""

    content: str | None = "Hello."
    tool_calls: Sequence[Mapping[str, Any]] = ()
    finish_reason: str = "stop"
    usage: Mapping[str, Any] | None = field(default_factory=lambda: USAGE)
    message: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the message."""
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """An error with a JSON body, as providers send it."""

    code: int
    message: str = "the server says no"
    kind: str = "server_error"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    """The whole body, where it is not as OpenAI's are."""


@dataclass(frozen=True, slots=True)
class Write:
    """These very bytes as the body of a 200."""

    body: bytes
    kind: str = "application/json"


@dataclass(frozen=True, slots=True)
class Hold:
    """These bytes of a stream, and no more until the client hangs up."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """A broken exchange."""

    how: str
    """`hang` and `reset` send nothing, `hang-middle` and `reset-middle` half a body.

    `drip` sends a byte now and then, for ever.
    """


Line = Answer | Status | Write | Hold | Break | Callable[[Received], "Line"]


def tool_call(
    name: str, arguments: Mapping[str, Any] | str, call_id: str = "call_1"
) -> dict[str, Any]:
    """A tool call as chat completions have it; text arguments stay as they are."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": text},
    }


class ChatServer:
    """Serves a schedule, then its last line again and again."""

    def __init__(self, *schedule: Line) -> None:
        self.requests: list[Received] = []
        self.closing = threading.Event()
        self.hung_up = threading.Event()
        self._schedule = list(schedule)
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"chat": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.request_queue_size = 128
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.01},
            daemon=True,
        )

    @property
    def url(self) -> str:
        """The base address, as `api_base` wants it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def next_line(self, received: Received) -> Line:
        """Note a request and take its line."""
        with self._lock:
            self.requests.append(received)
            last = len(self._schedule) == 1
            line = self._schedule[0] if last else self._schedule.pop(0)
        while callable(line):
            line = line(received)
        return line

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@cache
def warm_up() -> None:
    """Let litellm import what it imports with its first request.

    That takes seconds, which a test of short timeouts must not count.
    """
    for way in ({}, {"stream": True}, {"client": "litellm"}):
        with ChatServer(Answer()) as server:
            given = {"api_base": server.url, "api_key_env": "PATH"} | way
            for name in ("hosted_vllm/m", "openai/m"):
                model = LiteLLMModel(name, read_options(given))
                model.complete([Message("user", "Hello.")], ())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    chat: ChatServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: a test's output is its own."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = json.loads(self.rfile.read(length) or b"{}")
        headers = {name.title(): value for name, value in self.headers.items()}
        received = Received(self.path, headers, body)
        line = self.chat.next_line(received)
        if isinstance(line, Answer):
            self._answer(line, body)
        elif isinstance(line, Status):
            error = {"message": line.message, "type": line.kind, "code": line.kind}
            told = {"error": error} if line.body is None else line.body
            self._send(json.dumps(told).encode(), line.code, line.headers)
        elif isinstance(line, Write):
            self._head(len(line.body), kind=line.kind)
            self.wfile.write(line.body)
        elif isinstance(line, Hold):
            self._hold(line)
        elif isinstance(line, Break):
            self._break(line)

    def _send(
        self, body: bytes, code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self._head(len(body), code, headers)
        self.wfile.write(body)

    def _head(
        self,
        length: int,
        code: int = 200,
        headers: Mapping[str, str] | None = None,
        kind: str = "application/json",
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, line: Answer, request: Mapping[str, Any]) -> None:
        if line.latency_s:
            self.chat.closing.wait(line.latency_s)
        if request.get("stream"):
            body = _events(line, str(request.get("model")))
            self._head(len(body), kind="text/event-stream")
            self.wfile.write(body)
            return
        message: dict[str, Any] = {"role": "assistant", "content": line.content}
        if line.tool_calls:
            message["tool_calls"] = list(line.tool_calls)
        choice = {
            "index": 0,
            "message": message | dict(line.message),
            "finish_reason": line.finish_reason,
        }
        reply = _envelope(str(request.get("model")), "chat.completion", [choice])
        if line.usage is not None:
            reply["usage"] = dict(line.usage)
        self._send(json.dumps(reply).encode())

    def _hold(self, line: Hold) -> None:
        self._head(100_000, kind="text/event-stream")
        self.wfile.write(line.body)
        self.wfile.flush()
        self.close_connection = True
        self.connection.settimeout(HANG_S)
        if not self.connection.recv(1):
            self.chat.hung_up.set()

    def _break(self, line: Break) -> None:
        half = b'{"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"ind'
        self.close_connection = True
        if line.how in ("hang-middle", "reset-middle", "drip"):
            self._head(100_000)
            self.wfile.write(half)
            self.wfile.flush()
        if line.how in ("hang", "hang-middle"):
            self.chat.closing.wait(HANG_S)
        elif line.how == "drip":
            self._drip()
        self._reset()

    def _drip(self) -> None:
        end = time.monotonic() + HANG_S
        while time.monotonic() < end and not self.chat.closing.wait(0.02):
            try:
                self.wfile.write(b" ")
            except OSError:
                return

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


def _envelope(model: str, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": kind,
        "created": 1_700_000_000,
        "model": model,
        "choices": choices,
    }


def _events(line: Answer, model: str) -> bytes:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    content = line.content or ""
    deltas += [{"content": content[i : i + 50]} for i in range(0, len(content), 50)]
    for index, call in enumerate(line.tool_calls):
        text = call["function"]["arguments"]
        named = {**call["function"], "arguments": text[:5]}
        deltas.append({"tool_calls": [{**call, "function": named, "index": index}]})
        rest = {"index": index, "function": {"arguments": text[5:]}}
        deltas.append({"tool_calls": [rest]})
    events = [_choice_event(model, delta, None) for delta in deltas]
    events.append(_choice_event(model, dict(line.message), line.finish_reason))
    if line.usage is not None:
        last = _envelope(model, "chat.completion.chunk", [])
        events.append(last | {"usage": dict(line.usage)})
    texts = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join([*texts, "data: [DONE]\n\n"]).encode()


def _choice_event(
    model: str, delta: dict[str, Any], finish_reason: str | None
) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _envelope(model, "chat.completion.chunk", [choice])
