"""The page in a real browser: it opens, searches, filters, leads from number to figure, prints, and is accessible.

Runs where Chromium is on the PATH and axe-core lies beside the environment, where `python run.py test` puts it.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mining.report import Study, write_report
from tests.report.test_page import study  # noqa: F401 - the fixture

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = Path(sys.prefix) / "browser" / "axe_playwright_python" / "axe.min.js"
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, and there is none on the PATH"),
    pytest.mark.skipif(
        CHROMIUM is not None and not AXE.exists(), reason="needs axe-core: `python run.py test` installs it"
    ),
]
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
LANGUAGES = ("en", "he", "fa")


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request: pytest.FixtureRequest, study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    return write_report(tmp_path_factory.mktemp("browser") / f"{request.param}.html", study, language=request.param)


def run(*arguments: str, profile: Path) -> str:
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={profile}", "--virtual-time-budget=120000", "--window-size=1300,900", *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    return done.stdout


def asked(page: Path, script: str, tmp_path: Path) -> Any:
    """Let a script, which the page itself would refuse, look at a copy of it; give what it returns."""
    text = POLICY.sub("", page.read_text(encoding="utf-8"))
    look = (
        f"<pre id='answer'></pre><script>(async () => {{ const answer = await (async () => {{ {script} }})();"
        "document.getElementById('answer').textContent = JSON.stringify(answer); })();</script>"
    )
    copy = tmp_path / "copy.html"
    copy.write_text(text.replace("</body>", f"{look}</body>"), encoding="utf-8")
    seen = run("--dump-dom", copy.as_uri(), profile=tmp_path / "profile")
    answer = re.search(r'<pre id="answer">(.*?)</pre>', seen, flags=re.DOTALL)
    assert answer is not None, seen[-500:]
    return json.loads(html.unescape(answer[1]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(page: Path, scheme: str, tmp_path: Path) -> None:
    if scheme == "dark" and page.stem != "en":
        pytest.skip("the colours are the same in every language")
    axe = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    # Contrast is what takes long, and the colours are the same in every language.
    without = "" if page.stem == "en" else ', rules: {"color-contrast": {enabled: false}}'
    rules = f'{{runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]{without}}}'
    force = f"document.documentElement.style.colorScheme = '{scheme}';"
    if scheme == "dark":
        # The rules of the dark scheme, as the browser would apply them.
        force += """
        for (const sheet of document.styleSheets) for (const rule of [...sheet.cssRules])
          if (rule.media && rule.media.mediaText.includes("dark"))
            for (const inner of rule.cssRules) sheet.insertRule(inner.cssText, sheet.cssRules.length);"""
    script = f"{axe}; {force} document.querySelectorAll('details').forEach((fold) => fold.open = true);"
    script += f"const found = await axe.run(document, {rules});"
    script += "return found.violations.map((each) => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 200)]);"
    assert asked(page, script, tmp_path) == []


def test_search_and_choices_hide_what_is_not_meant_and_bring_it_back(page: Path, tmp_path: Path) -> None:
    script = """
    const find = document.getElementById("find"), tools = document.getElementById("tools");
    const all = [...document.querySelectorAll("table[data-fields] tbody tr")];
    const rows = () => all.filter((row) => !row.hidden).length;
    const sections = () => [...document.querySelectorAll("main > section")].filter((one) => !one.hidden).length;
    const type = (words) => { find.value = words; find.dispatchEvent(new Event("input", {bubbles: true})); };
    const told = {visible: !tools.hidden, all: rows(), sections: sections()};
    type("Billing"); told.billing = rows(); told.hits = sections();
    type("no such word anywhere"); told.none = sections();
    type("");
    const persona = document.getElementById("choose-persona");
    told.personas = persona.options.length - 1;
    persona.value = [...document.querySelectorAll("[data-persona]")][0].dataset.persona;
    persona.dispatchEvent(new Event("input", {bubbles: true}));
    const maps = [...document.querySelectorAll("[data-persona]")].filter((one) => !one.hidden);
    told.maps = new Set(maps.map((one) => one.dataset.persona)).size;
    told.folds = maps.every((one) => one.closest("details").open);
    told.chosen = rows();
    tools.reset(); await new Promise((done) => setTimeout(done, 50));
    told.again = rows();
    const period = document.getElementById("choose-period");
    const year = document.querySelector("[data-period]").dataset.period;
    period.value = [...period.options].map((one) => one.value).find((one) => one.startsWith(year) && one !== year);
    told.quarter = period.value !== "" && period.value !== year;
    period.dispatchEvent(new Event("input", {bubbles: true}));
    const years = [...document.querySelectorAll("[data-period]")].filter((one) => !one.hidden);
    told.years = [...new Set(years.map((one) => one.dataset.period))].map((one) => one === year);
    return told;"""
    told = asked(page, script, tmp_path)
    assert told["visible"]
    assert 0 < told["billing"] < told["all"]
    assert 0 < told["hits"] < told["sections"]
    assert told["none"] == 0
    assert told["personas"] >= 4
    assert told["maps"] == 1
    assert told["folds"]
    assert told["chosen"] < told["all"] == told["again"]
    assert told["quarter"]
    assert told["years"] == [True]


def test_a_number_of_the_summary_leads_to_its_figure(page: Path, tmp_path: Path) -> None:
    script = """
    const links = [...document.querySelectorAll("#summary a")];
    links[1].click(); await new Promise((done) => setTimeout(done, 50));
    const target = document.querySelector(links[1].getAttribute("href"));
    return {links: links.length, top: Math.round(target.getBoundingClientRect().top), height: innerHeight,
            direction: getComputedStyle(document.body).direction,
            wide: document.documentElement.scrollWidth - innerWidth};"""
    told = asked(page, script, tmp_path)
    assert told["links"] == 3
    assert 0 <= told["top"] < told["height"]
    assert told["direction"] == ("ltr" if page.stem == "en" else "rtl")
    assert told["wide"] <= 0


def test_a_cell_of_the_map_opens_without_the_script_and_its_lane_leads_to_the_figures(
    page: Path, tmp_path: Path
) -> None:
    script = """
    const map = document.getElementById("map").parentElement;
    const fold = map.querySelector("td details"), list = fold.querySelector("ul");
    const before = list.checkVisibility({contentVisibilityAuto: true}) && list.getBoundingClientRect().height > 0;
    fold.querySelector("summary").click();
    const after = fold.open && list.getBoundingClientRect().height > 0;
    const links = [...map.querySelectorAll("th a")];
    links[0].click(); await new Promise((done) => setTimeout(done, 50));
    const top = document.querySelector(links[0].getAttribute("href")).getBoundingClientRect().top;
    return {before, after, links: links.length, top: Math.round(top), height: innerHeight,
            folds: map.querySelectorAll("td details").length, text: fold.textContent};"""
    told = asked(page, script.replace("</script", ""), tmp_path)
    assert not told["before"]
    assert told["after"]
    assert told["links"] >= 6
    assert 0 <= told["top"] < told["height"]
    assert told["folds"] > 40
    assert ".behind('Awareness', 'customers do')" in told["text"]


def test_the_page_runs_under_its_own_policy_and_prints(page: Path, tmp_path: Path) -> None:
    seen = run("--dump-dom", page.as_uri(), profile=tmp_path / "profile")
    assert '<form id="tools" role="search">' in seen  # the script ran: it shows what only it can use
    paper = tmp_path / "page.pdf"
    run(f"--print-to-pdf={paper}", page.as_uri(), profile=tmp_path / "profile")
    assert paper.read_bytes().startswith(b"%PDF")
    assert paper.stat().st_size > 50_000


def test_every_label_of_a_picture_lies_inside_it(page: Path, tmp_path: Path) -> None:
    script = """
    document.querySelectorAll("details").forEach((fold) => fold.open = true);
    const outside = [];
    let looked = 0;
    for (const picture of document.querySelectorAll("svg.mining-picture")) {
      const frame = picture.getBoundingClientRect();
      for (const label of picture.querySelectorAll("text")) {
        const box = label.getBoundingClientRect();
        looked += 1;
        if (box.width && (box.left < frame.left - 3 || box.right > frame.right + 3))
          outside.push([picture.getAttribute("aria-label"), label.textContent]);
      }
    }
    return {looked, outside};"""
    told = asked(page, script, tmp_path)
    assert told["looked"] > 200
    assert told["outside"] == []
