"""Ids become tokens: the same for the same id and key, nothing to anybody without the key."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining._errors import MiningError
from mining._fields import CASES
from mining.sources import read_crm
from mining.sources.people.glued import People
from mining.sources.people.pseudonyms import Key, Pseudonyms, load_key, pseudonymise
from mining.sources.relations import Relations
from mining.sources.touchpoints import Touchpoints, check

SOURCE = Path(__file__).resolve().parents[2] / "src"
EXPORTS = Path(__file__).resolve().parents[2] / "data" / "exports"
ONE, OTHER = bytes(range(32)), bytes(range(1, 33))
TOKEN = re.compile(r"[a-z_]+:[a-z2-7]{16}")


@pytest.fixture(scope="module")
def acme() -> Touchpoints:
    return read_crm(EXPORTS / "acme", ["hubspot", "zendesk", "acme-web", "acme-phone"])


def renamed(words: list[str | None], key: bytes = ONE) -> list[str]:
    return Pseudonyms(key).ids(pd.Series(words, dtype="str")).tolist()


def test_an_id_keeps_its_source_and_loses_the_rest():
    (token,) = renamed(["hubspot:1201"])
    assert TOKEN.fullmatch(token)
    assert token.startswith("hubspot:")
    assert "1201" not in token


def test_the_same_id_is_the_same_token_in_every_column_and_run():
    one, again, other = renamed(["hubspot:1201", "hubspot:1201", "zendesk:1201"])
    assert one == again == renamed(["crm:0", "hubspot:1201"])[1]
    assert one.partition(":")[2] != other.partition(":")[2]


def test_another_key_gives_tokens_that_have_nothing_in_common():
    words = [f"hubspot:{number}" for number in range(500)]
    assert not set(renamed(words)) & set(renamed(words, OTHER))


def test_missing_ids_stay_missing_and_running_numbers_stay():
    column = Pseudonyms(ONE).ids(pd.Series(["phone#000123", None, "visitor:c0123"], dtype="str"))
    assert column[0] == "phone#000123"
    assert column.isna().tolist() == [False, True, False]
    assert re.fullmatch("visitor:[a-z2-7]{16}", column[2])
    assert column.dtype == "str"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True, max_size=30))
def test_tokens_tell_apart_what_ids_tell_apart(words):
    words = [word for word in words if not re.fullmatch(r"[a-z]+#\d+", word)]
    assert len(set(renamed(words))) == len(words)


def test_no_two_of_many_ids_share_a_token():
    column = pd.Series([f"crm:{number}" for number in range(200_000)], dtype="str")
    assert Pseudonyms(ONE).ids(column).is_unique
    touchpoints = pd.Series([f"crm:calls:{number}" for number in range(200_000)], dtype="str")
    assert Pseudonyms(ONE).touchpoints(touchpoints).is_unique


def test_a_touchpoint_keeps_its_source_its_table_and_its_turn():
    words = [
        "crm:calls:7:stage",
        "crm:calls:7:stage@2",
        "crm:calls:7:stage@3",
        "crm:mails:c0123@mail.example",
        "bare@x",
    ]
    one, two, three, mail, bare = Pseudonyms(ONE).touchpoints(pd.Series(words, dtype="str"))
    assert re.fullmatch("crm:calls:[a-z2-7]{13}", one)
    assert (two, three) == (f"{one}@2", f"{one}@3")
    assert re.fullmatch("crm:mails:[a-z2-7]{13}", mail)
    assert re.fullmatch("[a-z2-7]{13}", bare)


def test_no_row_changes_its_place(acme):
    frame, objects = pseudonymise(acme.frame, acme.objects, ONE)
    again, _ = pseudonymise(acme.frame, acme.objects, OTHER)
    kept = [name for name in acme.frame if name not in {"touchpoint_id", "actor", "twin", *CASES}]
    pd.testing.assert_frame_equal(frame[kept], acme.frame[kept])
    for name in ("touchpoint_id", "actor", "customer", "account", "deal", "ticket"):
        codes = [pd.factorize(table[name])[0] for table in (acme.frame, frame, again)]
        assert np.array_equal(codes[0], codes[1])
        assert np.array_equal(codes[0], codes[2])
        assert not set(frame[name].dropna()) & set(acme.frame[name].dropna())
        assert not set(frame[name].dropna()) & set(again[name].dropna())
    for kind, table in objects.items():
        known = dict(zip(acme.frame[kind].dropna(), frame[kind].dropna(), strict=True))
        assert all(known.get(old, new) == new for old, new in zip(acme.objects[kind].index, table.index, strict=True))
        assert table.index.name == kind
    check(frame)


def test_frames_that_are_given_stay_as_they_are(acme):
    before, index = acme.frame.copy(), acme.objects["customer"].index
    pseudonymise(acme.frame, acme.objects, ONE)
    pd.testing.assert_frame_equal(acme.frame, before)
    assert acme.objects["customer"].index.equals(index)


def test_an_account_is_the_same_in_the_frame_and_beside_its_customer(acme):
    frame, objects = pseudonymise(acme.frame, acme.objects, ONE)
    belongs = objects["customer"]["account"].dropna()
    assert set(belongs) & set(frame["account"].dropna())
    assert set(belongs) <= set(objects["account"].index)


def test_campaigns_keep_their_names():
    frame = pd.DataFrame({"campaign": ["crm:Spring"], "customer": ["crm:7"]}, dtype="str")
    table = pd.DataFrame({"budget": [3]}, index=pd.Index(["crm:Spring"], dtype="str", name="campaign"))
    told, objects = pseudonymise(frame, {"campaign": table}, ONE)
    assert told["campaign"].tolist() == objects["campaign"].index.tolist() == ["crm:Spring"]


def test_relations_are_renamed_as_the_frame_is():
    further = pd.DataFrame(
        {"touchpoint_id": ["crm:calls:7"], "object_type": ["deal"], "object_id": ["crm:d2"]}, dtype="str"
    )
    ends = {"source_type": "deal", "source_id": "crm:d2", "target_type": "campaign", "target_id": "crm:Spring"}
    names = Pseudonyms(ONE)
    told = names.relations(Relations(further, pd.DataFrame([{**ends, "qualifier": "of"}], dtype="str")))
    (deal,) = renamed(["crm:d2"])
    assert told.further["object_id"].tolist() == told.objects["source_id"].tolist() == [deal]
    assert told.objects["target_id"].tolist() == ["crm:Spring"]
    assert told.further["touchpoint_id"].tolist() == names.touchpoints(further["touchpoint_id"]).tolist()
    assert names.relations(Relations()).further.empty


def test_what_was_made_of_people_is_renamed_as_the_frame_is():
    review = pd.DataFrame({"id": ["crm:1"], "other_id": ["desk:2"], "why": ["in a chain"]}, dtype="str")
    apart = pd.DataFrame({"industry": ["Media"]}, index=pd.Index(["desk:2"], dtype="str", name="customer"))
    customers = np.array(["crm:1", None], dtype=object)
    likeness = review.assign(probability=0.7)
    told = Pseudonyms(ONE).people(People({}, {}, review, likeness, customers=customers, apart=apart))
    one, two = renamed(["crm:1", "desk:2"])
    assert told.review.to_numpy().tolist() == [[one, two, "in a chain"]]
    assert told.likeness[["id", "other_id"]].to_numpy().tolist() == [[one, two]]
    assert told.customers.tolist() == [one, None]
    assert told.apart.index.tolist() == [two]
    assert Pseudonyms(ONE).people(People()).customers is None


def test_who_acted_is_nobody_and_stays_one_across_systems():
    frame = pd.DataFrame(
        {"actor": ["agent-07", "agent-07", "agent-08"], "source": ["crm", "desk", "desk"]}, dtype="str"
    )
    told = Pseudonyms(ONE).frame(frame)["actor"]
    assert told[0] == told[1] != told[2]
    assert "agent" not in "".join(told)


def test_journeys_are_the_same_ones_under_pseudonyms(acme):
    frame, objects = pseudonymise(acme.frame, acme.objects, ONE)
    told = Touchpoints(frame, objects, acme.quality)
    for case in ("customer", "ticket"):
        one, other = acme.by(case), told.by(case)
        assert len(one) == len(other)
        assert sorted(one.log.lengths) == sorted(other.log.lengths)


# --- the key


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("MINING_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    return tmp_path / "crm-journey-mining" / "key"


def test_the_first_time_a_key_is_drawn_and_from_then_on_it_is_the_same(home):
    one = load_key()
    assert len(one) == 32
    assert load_key() == one
    assert sys.platform == "win32" or stat.S_IMODE(home.stat().st_mode) == 0o600
    assert [entry.name for entry in home.parent.iterdir()] == ["key"]
    home.unlink()
    assert load_key() != one


def test_projects_have_keys_of_their_own(home):
    assert len({load_key(), load_key("one"), load_key("two")}) == 3
    assert load_key("one") == load_key("one")


@pytest.mark.skipif(sys.platform == "win32", reason="rights are told otherwise there")
@pytest.mark.parametrize("rights", [0o644, 0o640, 0o666, 0o604])
def test_a_key_that_others_can_read_is_refused(home, rights):
    load_key()
    home.chmod(rights)
    with pytest.raises(MiningError, match=f"rights are {rights:o}.*chmod 600"):
        load_key()


def test_a_damaged_key_is_refused_and_not_replaced(home):
    load_key()
    home.write_bytes(b"deadbeef")
    with pytest.raises(MiningError, match="damaged") as refused:
        load_key()
    assert "deadbeef" not in str(refused.value)
    assert home.read_bytes() == b"deadbeef"


def test_a_key_that_can_be_kept_nowhere_is_told_with_the_way_out(home):
    home.parent.write_bytes(b"in the way")
    with pytest.raises(MiningError, match="MINING_KEY"):
        load_key()


def test_the_environment_gives_the_key_as_digits_or_as_a_passphrase(home, monkeypatch):
    monkeypatch.setenv("MINING_KEY", "ab" * 32)
    digits = load_key()
    monkeypatch.setenv("MINING_KEY", "AB" * 32 + "\n")
    assert load_key() == digits
    monkeypatch.setenv("MINING_KEY", "a phrase that nobody guesses")
    phrase = load_key()
    assert phrase == load_key() != digits
    assert not home.exists()


def test_a_key_that_could_be_guessed_is_refused_without_repeating_it(home, monkeypatch):
    monkeypatch.setenv("MINING_KEY", "hunter2")
    with pytest.raises(MiningError, match="fewer than 16") as refused:
        load_key()
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_key_shows_itself_nowhere(home):
    key = load_key("one")
    shown = f"{key!r} {key} {[key]} {key!s} {Pseudonyms(key)} {vars(Pseudonyms(key))}"
    assert "Key(hidden)" in shown
    assert key.hex() not in shown
    assert repr(bytes(key))[2:-1] not in shown
    with pytest.raises(KeyError) as missing:
        {}[Key(key)]
    assert repr(bytes(key))[2:-1] not in "".join(traceback.format_exception(missing.value))


def test_of_many_processes_that_come_first_all_get_one_key(home):
    program = (
        "from mining.sources.people.pseudonyms import load_key; import hashlib; "
        "print(hashlib.sha256(load_key()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", program]
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(4)]
    assert len({one.communicate(timeout=100)[0] for one in several}) == 1
    assert [one.returncode for one in several] == [0] * 4
    assert [entry.name for entry in home.parent.iterdir()] == ["key"]
