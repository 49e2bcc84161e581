"""How long a report of 2,000 cells takes to write, and a browser to open.

    python -m benchmarks.report_page

Needs chromium and playwright. Opening is measured in the browser, from navigation to
the moment when everything stands on the page and has been painted; the least of several
fresh pages, since anything else on the machine only adds.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from swe_features.report.writing import write_report
from swe_features.results import read_experiment
from tests.swe_features.report.made_experiment import make_experiment

ROUNDS = 5
PAINTED = """() => new Promise((resume) => requestAnimationFrame(
    () => setTimeout(() => resume(performance.now()), 0)))"""


def main() -> None:
    """Measure, and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = make_experiment(
            Path(name) / "run",
            instances=33,
            budgets=(2, 4, 8, 12, 16, 20),
            seeds=5,
            bulk=800,
        )
        experiment = read_experiment(folder)
        began_s = time.perf_counter()
        page = write_report(experiment, with_figures=False).page
        print(f"{len(experiment.plan.cells)} cells")
        print(f"written in {time.perf_counter() - began_s:.1f} s")
        print(f"{page.stat().st_size / 1e6:.1f} MB")
        opened_ms = min(open_pages(page))
        print(f"opened in {opened_ms / 1000:.2f} s")


def open_pages(path: Path) -> list[float]:
    """Milliseconds until a fresh page is painted, once for each round."""
    found = []
    with sync_playwright() as driver:
        chromium = shutil.which("chromium")
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=chromium, args=arguments)
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready]")
            found.append(float(page.evaluate(PAINTED)))
            page.close()
        browser.close()
    return found


if __name__ == "__main__":
    main()
