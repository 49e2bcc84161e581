"""The page in a real browser: what a reader can do, and what hostile text cannot."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from swe_features.report.live import serve
from swe_features.report.writing import write_report
from swe_features.results import StoredExperiment, read_experiment
from swe_features.store import PLAN, RESULTS
from tests.swe_features.report.made_experiment import CLUSTERS, make_experiment

playwright = pytest.importorskip("playwright.sync_api")

from playwright.sync_api import (  # noqa: E402  # skipped where it is not installed
    Browser,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

pytestmark = pytest.mark.browser

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(
    experiment: StoredExperiment, tmp_path_factory: pytest.TempPathFactory
) -> str:
    out = tmp_path_factory.mktemp("report")
    return write_report(experiment, out, with_figures=False).page.as_uri()


@pytest.fixture
def complaints() -> list[str]:
    """What the console said, and what the page asked for."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    page.set_default_timeout(15_000)
    yield page
    page.close()


def open_report(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-ready]")


def open_everything(page: Page) -> None:
    """Open each fold, and each that appears in one, until all is unpacked."""
    page.evaluate("""async () => {
        for (let round = 0; round < 100; round += 1) {
            const closed = document.querySelectorAll("details:not([open])");
            for (const fold of closed) fold.open = true;
            await new Promise((resume) => setTimeout(resume, 20));
            const texts = Array.from(document.querySelectorAll("main p"));
            const isBusy = texts.some((text) => text.textContent === "Unpacking…");
            if (!closed.length && !isBusy) return;
        }
        throw new Error("there is no end to it");
    }""")


def only_itself(complaints: list[str], address: str) -> bool:
    known = {address, "data:,"}
    return all(each.split("#")[0] in known for each in complaints)


def test_page_opens_without_a_complaint_or_a_request(
    page: Page, report: str, complaints: list[str]
) -> None:
    open_report(page, report)
    page.get_by_role("button", name="Change 3").click()
    open_everything(page)
    assert page.locator(".revision").count() == 3
    assert page.locator(".step").count() > 10
    assert only_itself(complaints, report), complaints


def test_arm_is_switched_off_and_on(page: Page, report: str) -> None:
    open_report(page, report)
    series = page.locator("#pareto-figure [data-series='test-time']")
    expect(series).to_have_count(1)
    page.get_by_role("checkbox", name="test-time").uncheck()
    expect(series).to_have_count(0)
    expect(page.locator("#points tbody tr")).to_have_count(3)
    page.get_by_role("checkbox", name="test-time").check()
    expect(series).to_have_count(1)


def test_instances_are_filtered(page: Page, report: str) -> None:
    open_report(page, report)
    rows = page.locator("tr.instance")
    expect(rows).to_have_count(3)
    page.get_by_role("searchbox").fill("change 2")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Cluster").select_option(CLUSTERS[1])
    expect(rows).to_have_count(2)
    page.get_by_label("Show", exact=True).select_option("broken")
    expect(rows).to_have_count(1)
    expect(page.locator("#instance-count")).to_contain_text("1 of 3 instances")


def test_instances_are_sorted_by_keyboard(page: Page, report: str) -> None:
    open_report(page, report)
    names = page.locator("tr.instance .soft")
    heading = page.get_by_role("button", name="sleep-time", exact=True)
    heading.focus()
    page.keyboard.press("Enter")
    column = page.locator("th[data-key='arm sleep-time']")
    expect(column).to_have_attribute("aria-sort", "descending")
    expect(heading).to_be_focused()
    page.get_by_role("button", name="Instance", exact=True).press("Enter")
    page.keyboard.press("Enter")
    expect(names.first).to_have_text("shop__till-3")


def test_instance_shows_predicted_beside_gold(page: Page, report: str) -> None:
    open_report(page, report)
    page.get_by_role("button", name="Change 1").press("Enter")
    cell = page.locator("details[data-cell='0001-sleep-time-2-0']")
    cell.locator("summary").first.press("Enter")
    predicted, gold = (cell.locator(".sides .files").nth(place) for place in (0, 1))
    expect(predicted.locator(".hit")).to_have_count(3)
    expect(predicted.locator(".wrong")).to_contain_text("docs/usage.md")
    expect(gold.locator("li")).to_have_count(3)
    cell = page.locator("details[data-cell='0001-test-time-2-0']")
    cell.locator("summary").first.click()
    expect(cell.locator(".missed")).to_contain_text("missed")


def test_trajectory_is_shown_step_by_step(page: Page, report: str) -> None:
    open_report(page, report)
    page.get_by_role("button", name="Change 2").click()
    cell = page.locator("details[data-cell='0002-test-time-4-0']")
    cell.locator("summary").first.click()
    cell.get_by_text("Trajectory", exact=True).click()
    expect(cell.locator(".step")).to_have_count(5)
    call = cell.locator(".step").nth(2).locator("details", has_text="search")
    expect(call.locator("pre")).to_have_count(0)
    call.locator("summary").click()
    expect(call.locator("pre").first).to_have_text("pattern: Say what there is.")
    expect(call.locator("pre").last).to_contain_text("Say what there is. 2")


def test_tokens_that_were_not_told_are_no_zero(page: Page, tmp_path: Path) -> None:
    run = make_experiment(tmp_path / "run", with_trouble=False)
    untold = {"requests": 1, "unmeasured_requests": 1}
    rows = [json.loads(line) for line in (run / RESULTS).read_text().splitlines()]
    for row in rows:
        row["test_tokens"] = untold
        row["sleep_tokens"] = row["sleep_tokens"] and untold
    (run / RESULTS).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    for path in (run / "trajectories").iterdir():
        path.write_text(
            path.read_text().replace(
                '"usage": {', '"usage": {"unmeasured_requests": 1, '
            )
        )
    written = write_report(read_experiment(run), with_figures=False)
    open_report(page, f"{written.page.as_uri()}#open=shop__till-2")
    cell = page.locator("details.cell[data-cell='0002-sleep-time-4-0']")
    expect(cell.locator("summary").first).to_contain_text("2 steps, unknown tokens")
    open_everything(page)
    for place in (cell, cell.locator(".step").nth(1)):
        expect(place).to_contain_text("Its tokens were not told.")
    expect(page.locator("#contexts summary").first).to_contain_text("unknown tokens")


def test_learned_context_is_beside_its_pull_requests(page: Page, report: str) -> None:
    open_report(page, report)
    page.get_by_role("button", name="Change 3").click()
    cell = page.locator("details[data-cell='0003-sleep-time-2-0']")
    cell.locator("summary").first.click()
    cell.get_by_role("link", name="The learned context").click()
    revisions = page.locator(".revision")
    expect(revisions).to_have_count(2)
    expect(revisions.nth(0)).to_contain_text("#1 Change 1")
    expect(revisions.nth(1).locator(".added")).to_have_text("#2: Say what there is.")


def test_page_without_texts_says_so_where_they_would_be(
    page: Page, experiment: StoredExperiment, tmp_path: Path, complaints: list[str]
) -> None:
    written = write_report(experiment, tmp_path, with_figures=False, with_texts=False)
    address = written.page.as_uri()
    open_report(page, address)
    page.get_by_role("button", name="Pull request 3").click()
    open_everything(page)
    expect(page.locator("#badges")).to_contain_text("without texts")
    for what in ("Title and description are", "The trajectory is", "Message and"):
        expect(page.locator("tr.detail")).to_contain_text(what)
    expect(page.locator("#contexts")).to_contain_text("What was learned is left out")
    shown = page.locator("body").inner_text()
    assert not re.search(r"undefined|NaN", shown)
    assert only_itself(complaints, address), complaints


def test_damaged_trajectory_is_told_where_it_would_be(
    page: Page, tmp_path: Path
) -> None:
    run = make_experiment(tmp_path / "run")
    damaged = run / "trajectories" / "0001-sleep-time-2-0.jsonl"
    damaged.write_text("{}\n" + damaged.read_text())
    address = write_report(read_experiment(run), with_figures=False).page.as_uri()
    open_report(page, address)
    expect(page.locator("#doubts")).to_contain_text("line 1 is no event")
    page.get_by_role("button", name="Change 1").click()
    cell = page.locator("details[data-cell='0001-sleep-time-2-0']")
    cell.locator("summary").first.click()
    cell.get_by_text("Trajectory", exact=True).click()
    expect(cell.get_by_text("Left out: line 1 is no event.")).to_be_visible()


def test_broken_and_missing_cells_are_told_apart(page: Page, report: str) -> None:
    open_report(page, report)
    page.get_by_role("button", name="Change 3").click()
    detail = page.locator("tr.detail")
    expect(detail.get_by_text("broken at the model")).to_have_count(1)
    expect(detail.get_by_text("not attempted yet")).to_have_count(1)


def test_choice_survives_a_reload(page: Page, report: str) -> None:
    open_report(page, report)
    page.get_by_role("checkbox", name="bm25").uncheck()
    page.get_by_label("Over").select_option("valid")
    page.get_by_role("button", name="Change 2").click()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.get_by_role("checkbox", name="bm25")).not_to_be_checked()
    expect(page.get_by_label("Over")).to_have_value("valid")
    expect(page.locator("tr.detail")).to_have_count(1)


def test_going_to_a_part_keeps_what_is_chosen(page: Page, report: str) -> None:
    open_report(page, report)
    page.get_by_role("checkbox", name="bm25").uncheck()
    page.get_by_role("link", name="Provenance").press("Enter")
    expect(page.locator("#provenance")).to_be_focused()
    expect(page).to_have_url(f"{report}#off=bm25")


def test_link_shows_what_its_sender_saw(page: Page, report: str) -> None:
    open_report(page, f"{report}#open=shop__till-2&off=bm25")
    expect(page.locator("tr.detail")).to_contain_text("#2 Change 2")
    page.goto(f"{report}#open=shop__till-3")
    expect(page.locator("tr.detail")).to_contain_text("#3 Change 3")
    expect(page.get_by_role("checkbox", name="bm25")).to_be_checked()


def test_denominator_changes_the_numbers(page: Page, report: str) -> None:
    open_report(page, report)
    row = page.locator("#points tbody tr", has_text="test-time").first
    every = row.text_content()
    page.get_by_label("Over").select_option("valid")
    expect(row).not_to_have_text(every or "")


def test_differences_are_of_the_chosen_denominator(page: Page, tmp_path: Path) -> None:
    """Where no pair was scored, those over all cells stood there as valid ones."""
    run = make_experiment(tmp_path / "run")
    results = run / "results.jsonl"
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    [broken] = [row for row in rows if row["outcome"] == "broken"]
    what_breaks = ("outcome", "precision", "recall", "f1", "broken")
    for row in rows:
        if (row["arm"], row["budget"]) == ("sleep-time", 4):
            row |= {name: broken[name] for name in what_breaks}
    results.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    written = write_report(read_experiment(run), with_figures=False)
    open_report(page, written.page.as_uri())
    few, none = page.locator("#comparisons tbody tr").all()[:2]
    expect(few.locator("td").last).to_have_text("3")
    page.get_by_label("Over").select_option("valid")
    few, none = page.locator("#comparisons tbody tr").all()[:2]
    expect(few.locator("td").last).to_have_text("2")
    expect(none).to_contain_text("No pair of which both are scored.")


def test_link_of_another_version_opens_the_page(
    page: Page, report: str, complaints: list[str]
) -> None:
    open_report(page, f"{report}#measure=unknown&cells=unknown")
    assert complaints == [report]
    expect(page.get_by_label("Measure")).to_have_value("f1")


def test_dollars_of_sleeping_are_shown_where_answering_is_free(
    page: Page, tmp_path: Path
) -> None:
    run = make_experiment(tmp_path / "run")
    for name in (PLAN, RESULTS):
        text = (
            (run / name).read_text().replace('"model": "student"', '"model": "offline"')
        )
        told = text.replace('_model": "student"', '_model": "openai/gpt-5-mini"')
        (run / name).write_text(told)
    written = write_report(read_experiment(run), with_figures=False)
    open_report(page, written.page.as_uri())
    row = page.locator("#points tbody tr", has_text="sleep-time").first
    assert row.locator("td").all_text_contents()[-2] == "0.0000"
    assert float(row.locator("td").last.text_content() or 0) > 0


def test_light_and_dark_follow_the_system_and_the_button(
    browser: Browser, report: str
) -> None:
    page = browser.new_page(color_scheme="dark")
    open_report(page, report)
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(paper) == "rgb(255, 255, 255)" != dark
    page.close()


def test_page_fits_a_phone(browser: Browser, report: str) -> None:
    page = browser.new_page(viewport=PHONE)
    open_report(page, report)
    page.get_by_role("button", name="Change 3").click()
    page.locator("tr.detail details.cell summary").first.click()
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest == PHONE["width"]
    detail = page.locator(".detail-body").bounding_box()
    assert detail is not None
    assert detail["width"] <= PHONE["width"]
    page.close()


def test_trying_again_is_drawn_against_sleeping(page: Page, tmp_path: Path) -> None:
    run = make_experiment(tmp_path / "run", instances=4, seeds=3)
    address = write_report(read_experiment(run), with_figures=False).page.as_uri()
    open_report(page, address)
    best = page.locator("#passes-figure [data-series='best of k'] .mark")
    expect(best).to_have_count(3)
    best.last.focus()
    expect(page.locator("#passes-figure .tip")).to_contain_text("test-time, best of 3")
    line = page.locator("#passes-figure [data-series='sleep-time'] .mark")
    expect(line).to_have_count(2)
    page.set_viewport_size(PHONE)
    expect(page.locator("#passes-figure svg")).to_have_attribute(
        "viewBox", re.compile("^0 0 3")
    )
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest == PHONE["width"]


def test_first_budget_is_analysed_in_the_open(page: Page, tmp_path: Path) -> None:
    run = make_experiment(tmp_path / "run", instances=6, budgets=(2, 4, 8))
    address = write_report(read_experiment(run), with_figures=False).page.as_uri()
    open_report(page, address)
    headings = page.locator("#further-body h3")
    expect(headings.filter(has_text="2 steps")).to_be_visible()
    expect(headings.filter(has_text="8 steps")).to_be_hidden()
    page.get_by_text("The same at 2 other budgets").click()
    expect(headings.filter(has_text="8 steps")).to_be_visible()


def test_marks_of_the_chart_explain_themselves(page: Page, report: str) -> None:
    open_report(page, report)
    page.locator("#pareto-figure .mark").first.focus()
    expect(page.locator("#pareto-figure .tip")).to_contain_text("test-time tokens")


def test_interval_without_an_upper_end_is_drawn_to_the_top(
    page: Page, report: str
) -> None:
    """An infinite cost had its band below the line, down to 0, and no end in words."""
    open_report(page, report)
    corners, bars, text = page.evaluate("""() => {
        const point = (x, y) => ({ x, y, low: y - 10, high: null, tip: "" });
        const points = [point(1, 50), point(2, 60)];
        const figure = byId("pareto-figure");
        chart(figure, { series: [{ name: "a", points }], yRange: [0, 100] });
        const band = figure.querySelector("polygon").getAttribute("points");
        const bars = [...figure.querySelectorAll(".mark line")];
        return [
            band.split(" ").map((pair) => Number(pair.split(",")[1])),
            bars.map((bar) => [bar.y1, bar.y2].map((end) => end.baseVal.value)),
            range({ low: 4121, high: null, bca_low: null }, count).textContent,
        ];
    }""")
    top = 30.0
    assert corners[:2] == [top, top]
    assert min(corners[2:]) > top
    assert all(high == top < low for low, high in bars)
    assert text == " 4,121 to ∞"


def test_head_of_a_merged_run_names_each_model(page: Page, tmp_path: Path) -> None:
    run = make_experiment(tmp_path / "run")
    plan = json.loads((run / PLAN).read_text())
    plan["cells"][0]["model"] = "teacher"
    (run / PLAN).write_text(json.dumps(plan))
    written = write_report(read_experiment(run), with_figures=False)
    open_report(page, written.page.as_uri())
    expect(page.locator("#lead")).to_contain_text("models teacher, student ·")


def test_hostile_text_is_only_text(
    page: Page, hostile_run: Path, tmp_path: Path, complaints: list[str]
) -> None:
    written = write_report(read_experiment(hostile_run), tmp_path, with_figures=False)
    open_report(page, written.page.as_uri())
    page.locator("tr.instance button").last.click()
    open_everything(page)
    assert page.locator(".step").count() > 10
    assert page.evaluate("window.pwned") is None
    assert page.locator("img").count() == 0
    for place in ("h1", "tr.instance .title", ".step div.text", ".prose"):
        shown = page.locator(place).first.text_content() or ""
        assert "</script><script>window.pwned = 1</script>" in shown, place
        assert "[U+202E]" in shown
        assert "\u202e" not in shown
    assert only_itself(complaints, written.page.as_uri()), complaints


def test_live_page_follows_the_run(page: Page, tmp_path: Path) -> None:
    run = make_experiment(tmp_path / "run")
    results = run / "results.jsonl"
    lines = results.read_text().splitlines(keepends=True)
    results.write_text("".join(lines[:-3]))
    with serve(run, refresh_s=0.0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            open_report(page, f"http://127.0.0.1:{server.server_port}/")
            badge = page.locator("#badges li").first
            expect(badge).to_have_text(re.compile("^11 of 15"))
            page.wait_for_function("document.getElementById('live').dataset.stamp")
            results.write_text("".join(lines))
            expect(badge).to_have_text(re.compile("^13 of 15"), timeout=60_000)
            page.get_by_role("button", name="Change 1").click()
            cell = page.locator("details[data-cell='0001-test-time-2-0']")
            cell.locator("summary").first.click()
            cell.get_by_text("Trajectory", exact=True).click()
            expect(cell.locator(".step")).to_have_count(3)
        finally:
            server.shutdown()
            thread.join()
