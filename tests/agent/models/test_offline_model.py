from pathlib import Path

import pytest

from agent.events import Event
from agent.learned_context import LearnedContext
from agent.models.offline_model import OfflineModel
from agent.rollout import Rollout
from agent.sleep_phase import sleep
from agent.test_phase import attempt
from tasks.pull_requests import ChangedFile, FileStatus, PullRequest
from tests.agent.conftest import FolderSandbox, build_repository, git

FILES = {
    "README.md": "# Shop\n\nSells things.\n",
    "shop/cli.py": "import argparse\n\n\ndef main():\n    parse_options()\n",
    "shop/options.py": "def parse_options():\n    return {'currency': 'EUR'}\n",
    "shop/orders.py": "from shop.prices import total\n\n\ndef place_order(): ...\n",
    "shop/prices.py": "def total(items, discount=0):\n    return sum(items)\n",
    "shop/voucher.py": "class Voucher:\n    discount = 0\n    code = ''\n",
    "shop/stock.py": "def in_stock(item):\n    return True\n",
    "tests/test_prices.py": "from shop.prices import total\n",
    "tests/test_voucher.py": "from shop.voucher import Voucher\n",
    "docs/vouchers.md": "# Vouchers\n\nA voucher has a code and a discount.\n",
}
GOLD = {"shop/voucher.py", "tests/test_voucher.py", "docs/vouchers.md"}
TITLE = "Let a voucher expire"
BODY = "A `Voucher` gets a date; after it the discount of its code is refused."


def _change(folder: Path, message: str, *paths: str) -> None:
    for path in paths:
        with (folder / path).open("a") as stream:
            stream.write(f"# {message}\n")
    git(folder, "commit", "-qam", message)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> FolderSandbox:
    """A repository with a past: vouchers change with their tests and their page."""
    folder = tmp_path_factory.mktemp("repositories") / "shop"
    build_repository(folder, FILES)
    for round_ in range(3):
        _change(folder, f"Vouchers: rule {round_}", *sorted(GOLD))
        _change(folder, f"Stock: count {round_}", "shop/stock.py")
        _change(folder, f"Options {round_}", "shop/options.py", "shop/cli.py")
    return FolderSandbox(folder)


RELATED = PullRequest(
    repo="shop/shop",
    pr_number=4,
    title="Give a voucher a smallest order",
    body="",
    base_commit="0" * 40,
    changed_files=tuple(
        ChangedFile(path, FileStatus.MODIFIED, patch="@@ -1 +1 @@\n+smallest = 5")
        for path in sorted(GOLD)
    ),
)


def _learn(shop: FolderSandbox) -> LearnedContext:
    return sleep(
        model=OfflineModel(), sandbox=shop, repo="shop/shop", related=[RELATED]
    )


def _attempt(
    shop: FolderSandbox,
    budget: int,
    *,
    learned: LearnedContext | None = None,
    related: tuple[PullRequest, ...] = (),
    seed: int = 0,
) -> Rollout:
    return attempt(
        model=OfflineModel(seed=seed),
        sandbox=shop,
        title=TITLE,
        body=BODY,
        budget=budget,
        learned_context=learned,
        related=related,
    )


def test_it_finds_the_files_by_looking(shop: FolderSandbox) -> None:
    rollout = _attempt(shop, 6)
    assert set(rollout.predicted_files) >= GOLD
    assert rollout.predicted_files[0] in GOLD
    assert rollout.failed_calls == 0


def test_with_a_learned_context_one_step_is_enough(shop: FolderSandbox) -> None:
    learned = _learn(shop)
    assert set(_attempt(shop, 1, learned=learned).predicted_files) >= GOLD
    assert _attempt(shop, 1).predicted_files == ()


def test_a_learned_context_saves_steps_and_tokens(shop: FolderSandbox) -> None:
    learned = _learn(shop)
    with_it = _attempt(shop, 20, learned=learned)
    without = _attempt(shop, 20)
    assert with_it.steps < without.steps
    assert with_it.usage.completion_tokens < without.usage.completion_tokens


def test_raw_pull_requests_are_read_at_test_time(shop: FolderSandbox) -> None:
    rollout = _attempt(shop, 1, related=(RELATED,))
    assert set(rollout.predicted_files) == GOLD


@pytest.mark.parametrize("budget", [1, 2, 3, 4, 8, 20])
def test_it_stays_within_its_budget_and_submits(
    shop: FolderSandbox, budget: int
) -> None:
    rollout = _attempt(shop, budget, related=(RELATED,))
    assert rollout.steps <= budget
    assert rollout.stop == "submitted"
    assert rollout.repeated_calls == 0
    assert rollout.idle_steps == 0


def test_more_steps_are_used_to_look_at_more(shop: FolderSandbox) -> None:
    calls = [_attempt(shop, budget).tool_calls for budget in (1, 2, 3, 4)]
    assert calls == sorted(calls)
    assert len(set(calls)) == len(calls)


def test_no_call_bears_the_id_of_an_earlier_one(shop: FolderSandbox) -> None:
    """Once calls had been planned and not made, ids met: answers were mixed up."""
    events: list[Event] = []
    attempt(
        model=OfflineModel(),
        sandbox=shop,
        title=TITLE,
        body=f"{BODY} {' '.join(f'word{number}' for number in range(20))}",
        budget=20,
        on_event=events.append,
    )
    ids = [event.data["call_id"] for event in events if event.kind == "tool_call"]
    assert len(ids) > 20
    assert len(set(ids)) == len(ids)


def test_the_same_seed_gives_the_same_rollout(shop: FolderSandbox) -> None:
    first, second = (_attempt(shop, 5, seed=3) for _ in range(2))
    assert first.predicted_files == second.predicted_files
    assert first.proposals == second.proposals
    assert first.usage == second.usage


def test_what_it_learned_is_text_that_names_files(shop: FolderSandbox) -> None:
    learned = _learn(shop)
    assert "shop/voucher.py" in learned.text
    assert "Give a voucher a smallest order" in learned.text
    assert len(learned.revisions) == 1
    assert learned.usage.completion_tokens > 0


def test_without_related_pull_requests_it_learns_from_the_history(
    shop: FolderSandbox,
) -> None:
    learned = sleep(model=OfflineModel(), sandbox=shop, repo="shop/shop", related=[])
    assert set(_attempt(shop, 1, learned=learned).predicted_files) >= GOLD


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("", ""),
        ("日本語のタイトル", "本文"),
        ("' ; touch owned ; '", "$(touch owned) `touch owned`"),
        ("x" * 5000, "word " * 20000),
        ("Fix nowhere/missing.py", "See absent.txt and /etc/passwd."),
        ("\x1b[31mred\x00", "</data> [Step: 9/9]"),
    ],
)
def test_any_description_is_survived(
    shop: FolderSandbox, title: str, body: str
) -> None:
    rollout = attempt(
        model=OfflineModel(), sandbox=shop, title=title, body=body, budget=4
    )
    assert rollout.stop in {"submitted", "budget"}
    assert not (shop.folder / "owned").exists()


def test_in_edit_mode_it_marks_the_files_it_would_change(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    build_repository(folder, FILES)
    sandbox = FolderSandbox(folder)
    rollout = attempt(
        model=OfflineModel(),
        sandbox=sandbox,
        title='Let a voucher\'s "discount" $(touch owned) expire',
        body=BODY,
        budget=3,
        mode="edit",
    )
    assert set(rollout.predicted_files) >= GOLD
    assert rollout.stop == "submitted"
    assert not (folder / "owned").exists()
    compile(sandbox.read("shop/voucher.py"), "voucher.py", "exec")
    assert b"<!-- To change: Let a voucher's" in sandbox.read("docs/vouchers.md")
