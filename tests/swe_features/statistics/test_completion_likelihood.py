import json

import pytest

from agent.errors import ModelError
from swe_features.statistics.completion_likelihood import CompletionLikelihoodModel
from swe_features.statistics.query_likelihood import Query
from tests.agent.chat_server import ChatServer, Line, Received, Status, Write

QUERY = Query("shop__till-1", "retry it", "the client")


def completion(logprobs: object) -> Write:
    choice = {"index": 0, "text": "", "finish_reason": "length", "logprobs": logprobs}
    body = {"id": "1", "object": "text_completion", "created": 1, "model": "base"}
    return Write(json.dumps(body | {"choices": [choice]}).encode())


def echo(received: Received) -> Line:
    """Tokens of the prompt word by word, each with its place as log-probability."""
    prompt = received.body["prompt"]
    words = [*prompt.split(), "!"]
    places = [prompt.index(word) for word in words[:-1]] + [len(prompt)]
    values = [None, *(-float(place) for place in places[1:])]
    return completion(
        {"tokens": words, "text_offset": places, "token_logprobs": values}
    )


def model(server: ChatServer) -> CompletionLikelihoodModel:
    return CompletionLikelihoodModel(
        "text-completion-openai/base", api_base=server.url, api_key="none"
    )


def test_tokens_of_the_query_alone_count() -> None:
    with ChatServer(echo) as server:
        found = model(server).judge(QUERY)
    # "the client", an empty line, "retry" at 12, "it" at 18; the "!" was made up.
    assert (found.total, found.tokens) == (-30.0, 2)
    (request,) = server.requests
    assert request.path.endswith("/completions")
    assert request.body["prompt"] == "the client\n\nretry it"
    assert (request.body["echo"], request.body["logprobs"]) == (True, 1)


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {"tokens": [], "text_offset": [], "token_logprobs": []},
        {"tokens": ["!"], "text_offset": [20], "token_logprobs": [-1.0]},
        {"tokens": ["retry"], "text_offset": [12, 18], "token_logprobs": [-1.0]},
    ],
)
def test_model_that_does_not_tell_is_refused(logprobs: object) -> None:
    with (
        ChatServer(completion(logprobs)) as server,
        pytest.raises(ModelError, match="no log-probabilities"),
    ):
        model(server).judge(QUERY)


def test_failure_of_the_server_is_a_model_error() -> None:
    with ChatServer(Status(500)) as server, pytest.raises(ModelError, match="500"):
        model(server).judge(QUERY)
