"""What each fault of a provider comes to, on a real server that misbehaves on schedule.

The table of these outcomes is in docs/reliability.md.
"""

import email.utils
import json
import time
from collections.abc import Mapping

import pytest

from agent.errors import ContextOverflowError, ModelError, ModelSetupError
from agent.messages import Message
from agent.model import Reply
from agent.models.litellm_model import LiteLLMModel
from agent.models.options import read_options
from tests.agent.chat_server import (
    Answer,
    Break,
    ChatServer,
    Line,
    Status,
    Write,
    warm_up,
)

KEY = "sk-planted-in-the-environment-0123456789"
Way = Mapping[str, object]
WHOLE: dict[str, Way] = {"direct": {}, "litellm": {"client": "litellm"}}
"""How a whole reply is asked for: over HTTP at once, or through the library."""
CONVERSATION = (Message("system", "You work."), Message("user", "Find the file."))


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=WHOLE | {"streamed": {"stream": True}})
def way(request: pytest.FixtureRequest) -> Way:
    return (WHOLE | {"streamed": {"stream": True}})[request.param]


@pytest.fixture(params=WHOLE)
def whole(request: pytest.FixtureRequest) -> Way:
    return WHOLE[request.param]


def ask(server: ChatServer, clock: Clock, **options: object) -> Reply:
    given = {"api_base": server.url, "timeout_s": 10.0, "retries": 3} | options
    model = LiteLLMModel(
        "openai/m", read_options(given), clock=clock, sleep=clock.sleep
    )
    return model.complete(CONVERSATION, ())


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504, 529])
def test_a_passing_status_is_asked_again(code: int, clock: Clock, way: Way) -> None:
    with ChatServer(Status(code), Status(code), Answer("Back.")) as server:
        reply = ask(server, clock, **way)

    assert reply.content == "Back."
    assert reply.attempts == 3
    assert len(server.requests) == 3
    assert 0.5 <= clock.waits[0] <= 1.0
    assert 1.0 <= clock.waits[1] <= 2.0
    assert reply.waited_s == pytest.approx(sum(clock.waits))


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("header", "value"), [("Retry-After", "7"), ("retry-after-ms", "7000")]
)
def test_the_wait_that_the_provider_asks_for_is_kept(
    code: int, header: str, value: str, clock: Clock, way: Way
) -> None:
    line = Status(code, headers={header: value})
    with ChatServer(line, Answer("Back.")) as server:
        reply = ask(server, clock, **way)

    assert reply.content == "Back."
    assert clock.waits == [7.0]


def test_a_wait_given_as_a_date_is_kept(clock: Clock, whole: Way) -> None:
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    with ChatServer(Status(429, headers={"Retry-After": date}), Answer()) as server:
        ask(server, clock, **whole)

    assert 40 < sum(clock.waits) <= 60


def test_a_wait_beyond_the_longest_allowed_is_not_begun(
    clock: Clock, whole: Way
) -> None:
    line = Status(429, headers={"Retry-After": "3600"})
    with ChatServer(line) as server, pytest.raises(ModelError, match="3600 s"):
        ask(server, clock, **whole)

    assert clock.waits == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "value",
    ["0", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 99999 07:28:00 GMT", "soon"],
)
def test_a_wait_that_is_over_or_no_time_at_all_is_one_of_our_own(
    value: str, clock: Clock, whole: Way
) -> None:
    line = Status(429, headers={"Retry-After": value})
    with ChatServer(line) as server, pytest.raises(ModelError, match="asked 4 times"):
        ask(server, clock, **whole)

    first, second, third = clock.waits
    assert 0.5 <= first <= 1.0
    assert 1.0 <= second <= 2.0
    assert 2.0 <= third <= 4.0


@pytest.mark.parametrize("code", [429, 503])
def test_our_own_waits_are_never_longer_than_allowed(code: int, clock: Clock) -> None:
    """The provider was blamed: "it asks to wait 8 s", after four of seven requests."""
    with ChatServer(Status(code)) as server, pytest.raises(ModelError) as caught:
        ask(server, clock, retries=6, max_wait_s=0.25)

    assert "asked 7 times" in str(caught.value)
    assert clock.waits == [0.25] * 6


@pytest.mark.parametrize("line", [Status(429), Status(503), Break("reset")])
def test_retries_are_bounded(line: Line, clock: Clock, whole: Way) -> None:
    with ChatServer(line) as server, pytest.raises(ModelError, match="asked 4 times"):
        ask(server, clock, **whole)

    assert len(server.requests) == 4


@pytest.mark.parametrize("how", ["hang", "hang-middle", "drip"])
def test_silence_ends_in_time_and_is_asked_again(
    how: str, clock: Clock, way: Way
) -> None:
    with ChatServer(Break(how), Answer("Back.")) as server:
        reply = ask(server, clock, **way, timeout_s=0.8)

    assert reply.content == "Back."
    assert reply.attempts == 2


def test_silence_for_good_is_an_error_that_says_so(clock: Clock, whole: Way) -> None:
    with (
        ChatServer(Break("hang")) as server,
        pytest.raises(ModelError, match="did not answer in time"),
    ):
        ask(server, clock, **whole, timeout_s=0.1, retries=1)

    assert len(server.requests) == 2


@pytest.mark.parametrize("how", ["reset", "reset-middle"])
def test_a_broken_connection_is_asked_again(how: str, clock: Clock, way: Way) -> None:
    with ChatServer(Break(how), Answer("Back.")) as server:
        reply = ask(server, clock, **way)

    assert reply.content == "Back."
    assert reply.attempts == 2


UNFINISHED = (
    b'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{"content":"hal"},"finish_reason":null}]}\n\n'
)


@pytest.mark.parametrize("body", [UNFINISHED, UNFINISHED[:60], b""])
def test_a_stream_that_stops_early_is_asked_again(body: bytes, clock: Clock) -> None:
    with ChatServer(Write(body), Answer("Back.")) as server:
        reply = ask(server, clock, stream=True)

    assert reply.content == "Back."
    assert reply.attempts == 2


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "x", "choices": [{"index": 0, "mess',
        b"<html>the proxy's own page</html>",
        b"",
        b'{"id": "x", "object": "chat.completion", "model": "m", "choices": []}',
        b'{"text": 1}',
        b'["a", "list"]',
        b'{"choices": ["no object"]}',
        b'{"choices": [{"message": {"tool_calls": ["no object"]}}]}',
    ],
)
def test_a_whole_answer_that_is_no_reply_is_an_error_at_once(
    body: bytes, clock: Clock, whole: Way
) -> None:
    with ChatServer(Write(body)) as server, pytest.raises(ModelError) as caught:
        ask(server, clock, **whole)

    assert "broken reply" in str(caught.value)
    assert len(server.requests) == 1


UPSTREAM = {"code": 502, "message": "Upstream died"}
CUT = {"message": {"content": ""}, "finish_reason": "error", "error": UPSTREAM}


@pytest.mark.parametrize(
    "told",
    [
        {"error": {"code": 429, "message": "Provider rate limited upstream"}},
        {"error": {"code": 503, "message": "Overloaded"}},
        {"error": "the runner has terminated"},
        {"choices": [CUT], "usage": {"prompt_tokens": 5, "completion_tokens": 0}},
    ],
)
def test_an_error_in_place_of_a_reply_is_asked_again(
    told: Mapping[str, object], clock: Clock, whole: Way
) -> None:
    """With status 200. One broke the cell, the other cost a step as an empty reply."""
    with ChatServer(Write(json.dumps(told).encode()), Answer("Back.")) as server:
        reply = ask(server, clock, **whole)

    assert reply.content == "Back."
    assert reply.attempts == 2


@pytest.mark.parametrize(
    "error", [None, "", {}, {"code": 0, "message": ""}, {"code": None, "message": None}]
)
def test_an_error_that_says_nothing_is_none(error: object, clock: Clock) -> None:
    """Some servers send one with each reply; each was thrown away and asked again."""
    choice = {"message": {"content": "Hello."}, "finish_reason": "stop"}
    line = Write(json.dumps({"choices": [choice], "error": error}).encode())
    with ChatServer(line) as server:
        assert ask(server, clock).content == "Hello."

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ({"type": "authentication_error", "message": "No."}, "No.; check the key"),
        ({"message": "Invalid API key"}, "check the key"),
        ({"code": "invalid_api_key", "type": "invalid_request_error"}, "check the key"),
        ({"type": "permission_error", "message": "Not yours."}, "check the key"),
        ({"code": "model_not_found", "message": "No model m."}, "the model's name and"),
        ({"type": "not_found_error", "message": "No such."}, "the model's name and"),
    ],
)
def test_an_error_that_names_its_kind_is_asked_again_only_where_that_helps(
    error: object, says: str, clock: Clock
) -> None:
    """With status 200 and no number each was asked seven times, over minutes."""
    with (
        ChatServer(Write(json.dumps({"error": error}).encode())) as server,
        pytest.raises(ModelSetupError, match=says),
    ):
        ask(server, clock)

    assert len(server.requests) == 1


def test_an_error_with_status_200_is_not_said_to_be_another(clock: Clock) -> None:
    """It read "answered 502", which no log of the server had."""
    line = Write(json.dumps({"error": {"message": "The model crashed."}}).encode())
    with ChatServer(line) as server, pytest.raises(ModelError) as caught:
        ask(server, clock, retries=0)

    assert str(caught.value) == "openai/m reported an error: The model crashed."


@pytest.mark.parametrize(
    "error",
    [
        {"code": "context_length_exceeded", "message": "Too long."},
        "prompt too long; exceeded max context length by 100 tokens",
    ],
)
def test_an_error_in_place_of_a_reply_may_be_an_overflow(
    error: object, clock: Clock
) -> None:
    told = {"error": error}
    with (
        ChatServer(Write(json.dumps(told).encode())) as server,
        pytest.raises(ContextOverflowError),
    ):
        ask(server, clock)


@pytest.mark.parametrize(
    ("line", "kind", "says"),
    [
        (Status(401, "bad key"), ModelSetupError, "answered 401: bad key; check the k"),
        (Status(403, "not yours"), ModelSetupError, "answered 403: not yours"),
        (Status(402, "pay first"), ModelSetupError, "no credit left"),
        (Status(404, "no model 'm'"), ModelSetupError, "no model 'm'; check the model"),
        (Status(400, "bad schema"), ModelError, "answered 400: bad schema"),
        (Status(400, "see rule 429, rate limit"), ModelError, "answered 400"),
        (Status(408, "too slow"), ModelError, "answered 408"),
        (Status(409, "conflict"), ModelError, "answered 409"),
        (Status(422, "what is this"), ModelError, "answered 422"),
        (
            Status(429, "You exceeded your current quota", "insufficient_quota"),
            ModelSetupError,
            "no credit left",
        ),
        (
            Status(400, "This model's maximum context length is 8192 tokens"),
            ContextOverflowError,
            "maximum context length",
        ),
    ],
)
def test_any_other_4xx_is_never_asked_again(
    line: Status, kind: type[ModelError], says: str, clock: Clock, way: Way
) -> None:
    with ChatServer(line) as server, pytest.raises(ModelError) as caught:
        ask(server, clock, **way)

    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert len(server.requests) == 1
    assert clock.waits == []


@pytest.mark.parametrize(
    "says",
    [
        "`max_completion_tokens` must be less than or equal to `8192`, the maximum "
        "value is less than the `context_window` for this model",
        "max_tokens exceeds the maximum allowed value",
        "max_tokens: 100000 > 8192, the maximum allowed number of output tokens",
        "max_output_tokens is too large: 9000. The context window is 8192 tokens and "
        "there are 100 input tokens",
    ],
)
def test_too_much_room_for_the_reply_is_a_wrong_setup(says: str, clock: Clock) -> None:
    """Cells dropped all they had read, ended as `context`, and were scored."""
    with ChatServer(Status(400, says)) as server, pytest.raises(ModelError) as caught:
        ask(server, clock)

    assert type(caught.value) is ModelSetupError
    assert "max_completion_tokens" in str(caught.value)


@pytest.mark.parametrize(
    "says",
    [
        "maximum context length is 8192 tokens, however you requested 9000 tokens "
        "(8000 in the messages, 1000 in the completion)",
        "input length and `max_tokens` exceed context limit: 9000 + 1000 > 8192",
        "the input token count (9000) exceeds the maximum number of tokens (8192)",
        "max_tokens is too large: 1000. The context window is 8192 tokens and there "
        "are 8000 input tokens",
    ],
)
def test_a_conversation_that_leaves_no_room_is_an_overflow(
    says: str, clock: Clock
) -> None:
    with (
        ChatServer(Status(400, says)) as server,
        pytest.raises(ContextOverflowError),
    ):
        ask(server, clock)


LOW_CREDIT = "Your credit balance is too low to access the Anthropic API."
FREE_TIER = (
    "You exceeded your current quota, please check your plan and billing details. "
    "Please retry in 21.5s."
)
RETRY_INFO = {"message": "Quota exceeded", "details": [{"retryDelay": "21.5s"}]}
ECHO = "Input should be a valid string [input_value='def billing_address(self)']"


@pytest.mark.parametrize(
    "line",
    [
        Status(400, LOW_CREDIT),
        Status(403, "billing is off", "billing_not_active"),
        Status(429, "You exceeded your current quota, please check your plan."),
    ],
)
def test_an_account_without_credit_stops_the_run(
    line: Status, clock: Clock, way: Way
) -> None:
    with ChatServer(line) as server, pytest.raises(ModelSetupError, match="no credit"):
        ask(server, clock, **way)


@pytest.mark.parametrize(
    "line",
    [
        Status(429, FREE_TIER, headers={"Retry-After": "21.5"}),
        Status(429, FREE_TIER),
        Status(429, body={"error": RETRY_INFO}),
    ],
)
def test_a_quota_that_says_when_it_is_back_is_waited_for(
    line: Status, clock: Clock, way: Way
) -> None:
    """A free tier's limit of a minute ended the run: "no credit left"."""
    with ChatServer(line, Answer("Back.")) as server:
        reply = ask(server, clock, **way)

    assert reply.content == "Back."
    assert clock.waits == [21.5]


@pytest.mark.parametrize(
    "line", [Status(400, ECHO), Status(403, "Your input was flagged: moderation")]
)
def test_a_refusal_of_what_one_cell_says_breaks_that_cell(
    line: Status, clock: Clock, way: Way
) -> None:
    with ChatServer(line) as server, pytest.raises(ModelError) as caught:
        ask(server, clock, **way)

    assert type(caught.value) is ModelError
    assert len(server.requests) == 1


OVERFLOWS = [
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "Validation failed. " + "x" * 300 + " maximum context length is 4096 tokens",
    "This model's maximum prompt length is 131072 but the request contains 150000.",
    "Invalid request: Your request exceeded model token limit: 131072",
    "InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]",
    "Prompt exceeds max length",
]
CODE = {"code": "context_length_exceeded", "message": "Please reduce the length."}
WRAPPED = {"message": "Provider returned error", "metadata": {"raw": json.dumps(CODE)}}
DETAIL = [{"loc": ["body"], "msg": "maximum context length is 4096 tokens"}]


@pytest.mark.parametrize(
    "line",
    [
        *(Status(400, says) for says in OVERFLOWS),
        Status(422, "`inputs` must have less than 4095 tokens. Given: 5000"),
        Status(422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"),
        Status(413, "Request body too large for gpt-4o model. Max size: 8000 tokens."),
        Status(400, body={"error": CODE}),
        Status(400, body={"error": WRAPPED}),
        Status(422, body={"detail": DETAIL}),
    ],
)
def test_an_overflow_is_known_by_its_words_wherever_they_stand(
    line: Status, clock: Clock, way: Way
) -> None:
    with ChatServer(line) as server, pytest.raises(ContextOverflowError):
        ask(server, clock, **way)


def test_what_an_error_repeats_of_the_request_is_no_overflow(clock: Clock) -> None:
    echo = {"msg": "Input should be valid", "input": "def find_context_window():"}
    line = Status(422, body={"detail": [echo]})
    with ChatServer(line) as server, pytest.raises(ModelError) as caught:
        ask(server, clock)

    assert type(caught.value) is ModelError


def test_a_name_that_litellm_does_not_know_is_a_setup_error(clock: Clock) -> None:
    model = LiteLLMModel("nobody/nothing", clock=clock, sleep=clock.sleep)

    with pytest.raises(ModelSetupError, match="nobody/nothing"):
        model.complete(CONVERSATION, ())

    assert clock.waits == []


def test_a_missing_key_is_a_setup_error(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, whole: Way
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with (
        ChatServer(Answer()) as server,
        pytest.raises(ModelSetupError, match="OPENAI_API_KEY"),
    ):
        ask(server, clock, **whole)

    assert server.requests == []


def test_no_error_shows_a_key(clock: Clock, whole: Way) -> None:
    line = Status(401, f"Incorrect API key provided: {KEY}, not sk-or-v1-0123456789ab")
    with ChatServer(line) as server, pytest.raises(ModelError) as caught:
        ask(server, clock, **whole)

    shown = f"{caught.value!s} {caught.value!r}"
    assert "sk-" not in shown
    assert "[redacted]" in shown


@pytest.mark.parametrize("key", ["a-first-part\na-second-part", "a-first-part\u2019s"])
@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "OTHER_KEY"])
def test_a_key_that_no_header_can_carry_is_a_wrong_setup(
    key: str,
    variable: str,
    clock: Clock,
    way: Way,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its second line stood in the results of every cell."""
    monkeypatch.setenv(variable, key)
    named = {} if variable == "OPENAI_API_KEY" else {"api_key_env": variable}
    with ChatServer(Answer()) as server, pytest.raises(ModelSetupError) as caught:
        ask(server, clock, **way, **named)

    assert "line break" in str(caught.value)
    assert "part" not in str(caught.value)
    assert server.requests == []


def test_a_server_that_sends_elsewhere_is_a_wrong_setup(clock: Clock) -> None:
    """The request went on without its body, and was asked again for minutes."""
    line = Status(302, headers={"Location": "https://models.example.org/v1"})
    with ChatServer(line) as server, pytest.raises(ModelSetupError) as caught:
        ask(server, clock)

    assert "https://models.example.org/v1" in str(caught.value)
    assert "api_base" in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [307, 308])
def test_another_path_of_the_same_server_is_followed(code: int, clock: Clock) -> None:
    """A proxy that moves `/v1` served every request, and then ended each run."""
    line = Status(code, headers={"Location": "/v2/chat/completions"})
    with ChatServer(line, line, Answer()) as server:
        assert ask(server, clock).content == "Hello."

    first, *_, last = server.requests
    assert last.path == "/v2/chat/completions"
    assert (last.body, last.headers) == (first.body, first.headers)


@pytest.mark.parametrize(
    ("code", "location", "asked"),
    [
        (307, "https://models.example.org/v1", 1),
        (303, "/v2/chat/completions", 1),
        (308, "/v1/chat/completions", 6),
    ],
)
def test_a_way_that_cannot_be_followed_is_shown_whole(
    code: int, location: str, asked: int, clock: Clock
) -> None:
    line = Status(code, headers={"Location": location})
    with ChatServer(line) as server, pytest.raises(ModelSetupError) as caught:
        ask(server, clock)

    whole = location if "://" in location else server.url[: -len("/v1")] + location
    assert f"sends requests on to {whole}: name" in str(caught.value)
    assert len(server.requests) == asked


def test_an_error_is_one_short_line(clock: Clock, whole: Way) -> None:
    line = Status(400, "much\nto say " * 500)
    with ChatServer(line) as server, pytest.raises(ModelError) as caught:
        ask(server, clock, **whole)

    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_nothing_is_printed_whatever_fails(
    clock: Clock, whole: Way, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = (Status(500), Break("reset"), Write(b"{"))
    with ChatServer(*lines) as server, pytest.raises(ModelError):
        ask(server, clock, **whole)

    assert tuple(capfd.readouterr()) == ("", "")
