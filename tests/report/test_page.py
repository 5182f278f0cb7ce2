"""One self-contained page: nothing loaded, nothing run, everything from data escaped, three languages."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import mining
from mining import MiningError
from mining._draw import html_table
from mining.examples import write_bundled
from mining.maps import LANES
from mining.maps.folds import MARKS
from mining.maps.phrases import COUNTED, HOW, PHRASES
from mining.report import Config, Study, read_config, write_report
from mining.report.words import spoken
from mining.sources.mappings.grammar import build_mapping
from mining.sources.touchpoints import Touchpoints
from tests.telling import canonical, told

HOSTILE = '<script>alert("x")</script>'


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    write_bundled(folder)
    sources = ("hubspot", "zendesk", "acme-web", "acme-phone")
    design = folder / "designs" / "acme.yaml"
    return Study(Config(exports=folder / "exports" / "acme", sources=sources, gap="90D", design=design, title=HOSTILE))


@pytest.fixture(scope="module", params=["en", "he", "fa"])
def page(request, study, tmp_path_factory):
    path = write_report(tmp_path_factory.mktemp("page") / "page.html", study, language=request.param)
    return request.param, path.read_text(encoding="utf-8")


def test_the_page_speaks_its_language_in_its_direction(page):
    language, text = page
    words = spoken(language)
    assert f'<html lang="{language}" dir="{words.direction}">' in text
    for heading in ("map", "flow", "deviations", "personas", "pains", "method"):
        assert words.sections[heading] in text


def test_the_page_loads_nothing_and_runs_its_own_script_alone(page):
    parsed = Page(page[1])
    assert parsed.tags.count("script") == 1
    script = page[1].split("<script>")[1].split("</script>")[0]
    hashed = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{hashed}'" in page[1]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|XMLHttp|import\(", script)
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    links = [value for name, value in parsed.attributes if name in {"href", "src", "xlink:href"} and value]
    assert [link for link in links if not link.startswith(("#", "data:image/"))] == []
    assert "default-src 'none'" in page[1]


def test_what_comes_from_data_is_shown_and_not_obeyed(page):
    assert HOSTILE not in page[1]
    assert HOSTILE in "".join(Page(page[1]).text)


def test_no_mail_address_and_no_phone_number_reaches_the_page(page):
    assert not re.search(r"[\w.]+@[\w.]+\.example", page[1])
    assert not re.search(r"\+972\d{8}|\+98\d{9}|\+49\d{9}", page[1])


def test_ids_are_unique_and_links_lead_somewhere(page):
    attributes = Page(page[1]).attributes
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in attributes if name == "href" and value.startswith("#")} <= set(ids)


def test_the_page_stays_small(page):
    assert len(page[1].encode()) < 3_000_000


def test_the_same_study_gives_the_same_page(study, tmp_path):
    one, other = (write_report(tmp_path / name, study).read_bytes() for name in ("a.html", "b.html"))
    assert one == other


def test_single_results_make_a_page_too(tmp_path):
    journeys = told("Ann: ad > site > won", "Bob: ad > site", "Cy: ad > won")
    text = write_report(tmp_path / "page.html", mining.discover(journeys), title="Three").read_text(encoding="utf-8")
    assert "Three" in text
    assert spoken("en").sections["flow"] in text


@pytest.mark.parametrize(
    ("results", "language", "hint"),
    [((), "en", "no results were given"), ((object(),), "en", "Discovery"), ((), "fr", "There is: en, fa, he")],
)
def test_what_cannot_be_shown_is_refused(results, language, hint, tmp_path):
    with pytest.raises(MiningError, match=hint):
        write_report(tmp_path / "page.html", *results, language=language)
    assert list(tmp_path.iterdir()) == []


def test_a_question_this_export_cannot_answer_is_said_so(study):
    few = Study(Config(exports=study.config.exports / "hubspot", sources=("hubspot",), case="deal"))
    assert few.deviations is None
    assert few.grid is not None


@pytest.mark.parametrize("language", ["he", "fa"])
def test_every_sentence_is_translated_with_its_numbers(language):
    english, other = spoken("en"), spoken(language)
    for name, sentence in english.sentences.items():
        assert sorted(re.findall(r"{\w+}", sentence)) == sorted(re.findall(r"{\w+}", other.sentences[name])), name
        assert other.sentences[name] != sentence
    assert set(english.sections) == set(other.sections)
    assert set(LANES) <= set(other.map)


def test_every_table_is_headed_and_written_in_the_language_of_the_page(page):
    language, text = page
    if language == "en":
        return
    words = spoken(language)
    fields = {field for shown in re.findall('data-fields="([^"]*)"', text) for field in shown.split("|")}
    assert len(fields) > 100
    assert {field for field in fields if field not in words.columns} == set()
    cells = re.findall('<td dir="auto" style="[^"]*tabular-nums[^"]*">([^<]*)</td>', text)
    assert len(cells) > 1000
    if language == "fa":
        assert not [cell for cell in cells if re.search("[0-9]", cell)]
    assert words.table["more"].split("{n}")[-1].strip() in text
    assert not re.search("[0-9] more rows", text)


@pytest.mark.parametrize(("language", "day"), [("en", "2024-03-20"), ("he", "2024-03-20"), ("fa", "۱۴۰۳/۰۱/۰۱")])
def test_days_are_those_of_the_language(language, day):
    words = spoken(language)
    moment = pd.Timestamp("2024-03-20 23:30", tz="UTC")
    assert words.date(moment) == day
    assert words.writing.write(moment).startswith(day)
    assert day in words.say("unfinished", n=1, share="1 %", last=moment)


def test_words_of_ours_are_said_in_the_language_and_names_from_data_are_not():
    words = spoken("he")
    assert words.value("measured") == "נמדד"
    assert words.value("Ad clicked") == "Ad clicked"
    assert words.writing.write(True) == "כן"
    assert words.writing.write(np.float64(1234.0)) == "1,234"
    assert spoken("fa").writing.write("Room 12") == "Room 12"
    assert set(spoken("he").values) == set(spoken("fa").values)
    assert set(spoken("he").columns) == set(spoken("fa").columns)


@pytest.mark.parametrize("language", ["he", "fa"])
def test_columns_that_stand_side_by_side_are_told_apart(language):
    told = pd.Series(spoken(language).columns).drop("touchpoints_median")  # stands in another table than its twin
    assert sorted(told.index[told.duplicated(keep=False)]) == []


def test_two_columns_may_bear_one_name_and_keep_their_own_format():
    frame = pd.DataFrame({"n_lost": [3], "lost_share": [0.25]})
    html = html_table(frame, formats={"lost_share": "{:.0%}"}, heads={"n_lost": "lost", "lost_share": "lost"})
    assert "25%" in html
    assert "300%" not in html
    assert html.count(">lost<") == 2


@pytest.mark.parametrize("language", ["he", "fa"])
def test_what_the_map_says_around_its_numbers_is_translated_with_its_places(language):
    other = spoken(language).map
    for phrase in (*HOW.values(), *COUNTED.values(), *PHRASES.values(), *MARKS.values()):
        assert sorted(re.findall(r"{\w+}", phrase)) == sorted(re.findall(r"{\w+}", other[phrase])), phrase
        assert re.search(r"[^\x00-\x7f]", other[phrase]) or phrase == PHRASES["line"]


def test_maps_stand_side_by_side_for_personas_and_over_time(page):
    language, text = page
    sections = text.split("<section ")
    of = {section.split('"')[1]: section for section in sections[1:]}
    for anchor, kind in (("maps", "persona"), ("windows", "period")):
        assert spoken(language).sections[anchor] in of[anchor]
        assert len(re.findall(rf'<th scope="col" dir="auto" data-{kind}=', of[anchor])) >= 6 * 3
        assert of[anchor].count("<details>") == 6
    assert 'href="#waits"' in of["map"]
    assert "2024" in of["windows"]


def test_a_map_alone_leads_nowhere(study, tmp_path):
    text = write_report(tmp_path / "page.html", study.grid, study.windows).read_text(encoding="utf-8")
    assert re.findall(r'href="(#[^"]+)"', text) == ["#main", "#map", "#windows"]


def written(tmp_path, text):
    path = tmp_path / "study.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_configuration_reads_paths_from_where_it_lies(tmp_path, monkeypatch):
    (tmp_path / "crm").mkdir()
    monkeypatch.setenv("EXPORTS", "crm")
    config = read_config(written(tmp_path, "exports: ${EXPORTS}\ngap: 90D\nsources: hubspot\n"))
    assert (config.exports, config.gap, config.sources) == (tmp_path / "crm", "90D", ("hubspot",))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("export: crm", "Did you mean 'exports'"),
        ("gap: 90D", "does not say `exports:`"),
        ("- a\n- b", "exports"),
        ("exports: [", "not YAML"),
        ("exports: no-such-folder", "no file or folder"),
        ("exports: ${NO_SUCH_VARIABLE}/x", "NO_SUCH_VARIABLE is not set"),
        ("exports: .\nlanguage: xx", "There is: en, fa, he"),
        ("exports: .\nsources: [my.yml]", "no file or folder"),
    ],
)
def test_a_wrong_configuration_says_what_to_mend(text, hint, tmp_path):
    with pytest.raises(MiningError, match=re.escape(hint)):
        read_config(written(tmp_path, text))


def test_a_missing_configuration_names_its_neighbours(tmp_path):
    written(tmp_path, "exports: .")
    with pytest.raises(MiningError, match=r"Did you mean 'study.yml'"):
        read_config(tmp_path / "studi.yml")


PAYLOADS = (
    HOSTILE, '"onload="alert(1)', "javascript:alert(1)", "<img src=x onerror=alert(1)>", "</style><script>x</script>",
    "<svg/onload=x>", "]]><script>x</script>", "{{7*7}}{% raw %}", "$\\frac{1}{2}$", "\u202egnp.exe", "a\x00b",
    "x" * 10_000, "<foreignObject>", "&lt;script&gt;", "' autofocus onfocus='x",
)  # fmt: skip


def test_labels_of_every_kind_of_injection_stay_labels_on_the_page(tmp_path):
    random = np.random.default_rng(0)
    rows = [
        (f"c{k}", PAYLOADS[at], start, PAYLOADS[(at + 1) % 15], "won" if at == 3 else None)
        for k in range(60)
        for place, at in enumerate(random.permutation(15)[:6])
        for start in [pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(hours=k * 9 + place)]
    ]
    columns = ["customer", "activity", "timestamp", "team", "outcome"]
    frame = canonical(pd.DataFrame(rows, columns=columns).assign(actor_kind="employee", reason=PAYLOADS[3]))
    study = Study(Config(exports=tmp_path, title=PAYLOADS[4]))
    study.__dict__["touchpoints"] = Touchpoints(frame=frame, objects={}, quality=read_quality(tmp_path))
    text = write_report(tmp_path / "page.html", study).read_text(encoding="utf-8")
    parsed = Page(text)
    assert parsed.tags.count("script") == 1
    assert not {"img", "foreignobject", "iframe", "object", "embed", "base"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    links = [value for name, value in parsed.attributes if name in {"href", "src", "xlink:href"} and value]
    assert [link for link in links if not link.startswith("#")] == []
    assert "\u202e" not in text
    assert "\x00" not in text
    shown = "".join(parsed.text)
    assert HOSTILE in shown
    assert "<img src=x onerror=alert(1)>" in shown


def read_quality(folder):
    """What reading one small clean file says of it."""
    (folder / "calls.csv").write_text("id,at,who\n1,2026-01-01,a\n", encoding="utf-8")
    mapping = build_mapping(
        "system: phone\ntimezone: UTC\nreaders:\n- {name: call, kind: activity, table: calls, always: {activity: Call},"
        " fields: {touchpoint_id: id, timestamp: at, customer: who}}\n"
    )
    return mining.read_crm(folder / "calls.csv", mapping=mapping).quality
