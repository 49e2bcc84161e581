"""Several sleep phases at once over the same pull requests, their texts joined.

How arXiv 2504.13171, section 4.2, scales sleep-time compute for models that do not
reason: k generations in parallel, concatenated for test time.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from threading import Lock

from agent.events import Event, EventSink, discard
from agent.learned_context import LearnedContext, Revision
from agent.model import Model
from agent.sleep_phase import STEP_CAP, sleep
from agent.tools.memory import TOKEN_BUDGET
from agent.usage import Usage
from sandbox.contract import Sandbox
from tasks.pull_requests import PullRequest

__all__ = ["sleep_in_parallel"]


def sleep_in_parallel(  # noqa: PLR0913 - what a phase depends on, all by keyword
    *,
    model: Model,
    open_sandbox: Callable[[], AbstractContextManager[Sandbox]],
    repo: str,
    related: Sequence[PullRequest],
    parallel: int,
    seed: int = 0,
    step_cap: int = STEP_CAP,
    token_budget: int = TOKEN_BUDGET,
    on_event: EventSink = discard,
) -> LearnedContext:
    """Sleep `parallel` times at once and join what was learned.

    Args:
        model: Who studies, in all of them.
        open_sandbox: Makes a fresh checkout; each sleep has its own.
        repo: `owner/name`.
        related: As for one sleep; each reads all of them.
        parallel: How many sleeps, at least 1.
        seed: Of the first; the others count on from it.
        step_cap: Steps for each pull request.
        token_budget: Tokens for the joined text; each sleep has its share.
        on_event: Takes the events of all, one at a time, each with its `sleep`.

    Returns:
        Texts that differ, in the order of their seeds. The usage is that of all
        together; the time is that of the slowest. Each revision has its own sleep's
        text and cost.

    Raises:
        ValueError: `parallel` is less than 1.
        ModelError: One of them could not ask the model.
        SandboxError: One of them lost its sandbox, or got none.
    """
    if parallel < 1:
        msg = f"{parallel} parallel sleeps learn nothing: ask for at least 1"
        raise ValueError(msg)
    lock = Lock()

    def one(number: int) -> LearnedContext:
        with open_sandbox() as sandbox:
            return sleep(
                model=model,
                sandbox=sandbox,
                repo=repo,
                related=related,
                seed=seed + number,
                step_cap=step_cap,
                token_budget=token_budget // parallel,
                on_event=partial(_pass_on, on_event, lock, number),
            )

    with ThreadPoolExecutor(parallel, thread_name_prefix="sleep") as pool:
        learned = list(pool.map(one, range(parallel)))
    return _join(learned)


def _pass_on(on_event: EventSink, lock: Lock, number: int, event: Event) -> None:
    with lock:
        on_event(replace(event, data={"sleep": number, **event.data}))


def _join(learned: Sequence[LearnedContext]) -> LearnedContext:
    texts = list(dict.fromkeys(each.text for each in learned if each.text))
    usage = Usage()
    revisions: list[Revision] = []
    for each in learned:
        usage += each.usage
        revisions += each.revisions
    return replace(
        learned[0],
        text="\n\n".join(texts),
        usage=usage,
        duration_s=max(each.duration_s for each in learned),
        revisions=tuple(revisions),
    )
