"""Exact identity: what is a key, what is none, what may be glued, and what must not."""

from __future__ import annotations

import base64
import hashlib
import random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining._errors import ExportError, MappingError
from mining.sources.people.identity import LARGEST, MOST_IDS, Identity, Verdicts, merge_ids, resolve
from mining.sources.people.keys import is_blocked, looks_rounded, loose_email, normal_id, normaliser

SOURCES = ["crm", "desk", "web"]


def bears(**keys: str) -> list[tuple[str, str]]:
    """Tell who bears what: ``crm_1="a@x b@x +1"`` is e-mails, numbers (+) and visitor ids (~) of id crm:1."""
    told = []
    for name, words in keys.items():
        for word in words.split():
            kind = "email" if "@" in word else "phone" if word.startswith("+") else "visitor"
            told.append((name.replace("_", ":"), f"\0{kind}:{word}"))
    return told


def glued(
    keys: list[tuple[str, str]], merges: list[tuple[str, str]] | None = None, first_seen: tuple[str, ...] = ()
) -> Identity:
    ids = list(dict.fromkeys(name for name, _ in keys))
    return resolve(ids, keys, merge_ids(merges or []), first_seen, sources=SOURCES)


def people(found: Identity) -> set[frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for name, person in found.canonical.items():
        if not name.startswith("\0"):
            groups.setdefault(person, set()).add(name)
    return {frozenset(names) for names in groups.values()}


# --- what is a key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (" Contact <C0123@Mail.Example> ", "c0123@mail.example"),
        ("mailto:c0123@mail.example?subject=x", "c0123@mail.example?subject=x"),
        ("c0123@mail.example;c0124@mail.example", "c0123@mail.example"),
        ("\u202bc0123@mail.example\u202c", "c0123@mail.example"),
        ("c0123+shop@gmail.com", "c0123+shop@gmail.com"),
        ("c.0123@gmail.com", "c.0123@gmail.com"),
        ("לקוח@mail.example", "לקוח@mail.example"),
        ("anonymous", None),
        ("c0123@", None),
        ("restricted-caller-identity", None),
        ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", None),
        ("", None),
    ],
)
def test_an_address_is_one_key_however_it_is_spelled(text: str, key: str | None) -> None:
    assert normaliser("email", None)(text) == key


@pytest.mark.parametrize(
    ("text", "region", "key"),
    [
        ("058-555-0123", "IL", "+972585550123"),
        ("00972 58 555 0123", None, "+972585550123"),
        ("۰۹۱۲۵۵۵۰۱۲۳", "IR", "+989125550123"),
        ("'+972585550123", None, "+972585550123"),
        ("whatsapp:+12025550123", None, "+12025550123"),
        ("sip:+12025550123@pbx.example", None, "+12025550123"),
        ("972585550123.0", "IL", "+972585550123"),
        ("+1 202-555-0123 ext. 12", None, "+12025550123;ext=12"),
        ("tel:+12025550123;ext=12", None, "+12025550123;ext=12"),
        ("+972 58-555-0123 שלוחה 4", None, "+972585550123;ext=4"),
        ("021-5555 0123 داخلی ۱۲", "IR", "+982155550123;ext=12"),
        ("058-555-0123", None, None),  # no region, no country
        ("555 0123", "US", None),  # no area code: the same digits ring in many towns
        ("9.72586E+11", "IL", None),
        ("client:agent-07", None, None),
        ("", "IL", None),
    ],
)
def test_a_number_is_one_key_however_it_is_spelled(text: str, region: str | None, key: str | None) -> None:
    assert normaliser("phone", region)(text) == key


@pytest.mark.parametrize("region", [None, "US", "IL", "IR", "DE"])
@pytest.mark.parametrize(
    "text",
    [
        "anonymous", "Anonymous", "unknown", "restricted", "Private number", "חסוי", "ناشناس", "n/a", "-", "0", "-1",
        "+266696687", "266696687", "+7378742833", "+86282452253", "8656696", "2562533",
        "000-000-0000", "+1 111 111 1111", "9999999999", "123456789", "1234567890", "0123456789",
    ],
)  # fmt: skip
def test_a_withheld_or_made_up_number_is_no_key(text: str, region: str | None) -> None:
    assert normaliser("phone", region)(text) is None


@pytest.mark.parametrize("text", ["(not set)", "null", "undefined", "0", "-1", "00000000-0000-0000-0000-000000000000"])
def test_a_word_for_no_visitor_is_no_key(text: str) -> None:
    assert normaliser("visitor", None)(text) is None
    assert normaliser("visitor", None)("1") == "1"


@pytest.mark.parametrize("kind", ["email", "phone"])
@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512"])
def test_a_hashed_column_is_a_key_but_the_hash_of_an_empty_cell_is_none(kind: str, method: str) -> None:
    normal = normaliser(kind, "US")
    one, empty, none = (
        hashlib.new(method, text, usedforsecurity=False) for text in (b"c0123@mail.example", b"", b"null")
    )
    spelled = base64.b64encode(one.digest()).decode()
    assert normal(one.hexdigest().upper()) == one.hexdigest()
    assert normal(spelled) == spelled
    for nobody in (empty, none):
        assert normal(nobody.hexdigest()) is None
        assert normal(base64.b64encode(nobody.digest()).decode()) is None


@pytest.mark.parametrize(
    "key",
    [
        "info@x.example", "Info@x.example",
        "info2@x.example", "in.fo@x.example", "kontakt@x.example", "no-reply@x.example",
        "no_reply+17@x.example", "noreply-orders@x.example", "donotreply@x.example", "mailer-daemon@x.example",
        "customer.service@x.example", "contacto@x.example", "biuro@x.example", "sherut@x.example", "forush@x.example",
        "משרד@x.example", "פניות@x.example", "پشتیبانی@x.example", "فروش@x.example", "accueil@x.example",
        "rechnung@x.example", "bilgi@x.example", "segreteria@x.example",
    ],
)  # fmt: skip
def test_an_office_or_a_machine_is_nobody(key: str) -> None:
    assert is_blocked(key)


@pytest.mark.parametrize(
    "key", ["c0123@x.example", "user1987@x.example", "informer@x.example", "salesman@x.example", "+12025550123"]
)
def test_a_person_is_not_taken_for_an_office(key: str) -> None:
    assert not is_blocked(key)
    assert is_blocked(key, frozenset({key}))


def test_tags_and_dots_are_only_a_hint() -> None:
    assert loose_email("c.01+a@googlemail.com") == "c01@gmail.com"
    assert loose_email("c.01+a@mail.example") == "c.01@mail.example"
    found = glued(bears(crm_1="c0123@mail.example", crm_2="c0123+shop@mail.example", crm_3="c0124@mail.example"))
    assert found.n_glued == 0
    assert found.review[["id", "other_id", "kind", "glued"]].to_numpy().tolist() == [["crm:1", "crm:2", "email", False]]


# --- what is glued


def test_each_kind_of_key_is_counted_for_what_it_adds() -> None:
    keys = bears(
        crm_1="a@x ~v", desk_1="a@x +1", crm_2="+2", desk_2="+2", web_1="~v", web_2="~w", crm_3="", crm_4="b@x"
    )
    found = resolve([name for name, _ in keys] + ["crm:3"], keys, merge_ids([("crm:3", "crm:4")]), [], sources=SOURCES)
    assert found.glued_by == {"merge": 1, "email": 1, "phone": 1, "visitor": 1, "likeness": 0}
    assert found.n_glued == sum(found.glued_by.values())


def test_merged_ids_that_come_back_are_the_one_that_was_kept() -> None:
    keys = bears(crm_1="a@x", crm_3="c@x", desk_9="a@x")
    found = glued(keys, [("crm:1", "crm:2"), ("crm:2", "crm:3"), ("crm:5", "crm:6"), ("crm:6", "crm:5")])
    assert people(found) == {frozenset({"crm:1", "crm:2", "crm:3", "desk:9"}), frozenset({"crm:5", "crm:6"})}
    assert found.canonical["desk:9"] == "crm:3"
    assert found.canonical["\0email:a@x"] == "crm:3"


@pytest.mark.parametrize("key", ["same@x", "+1"])
def test_an_address_or_number_that_many_bear_glues_nobody(key: str) -> None:
    few = glued(bears(**{f"crm_{place}": key for place in range(MOST_IDS)}))
    many = glued(bears(**{f"crm_{place}": key for place in range(MOST_IDS + 1)}))
    assert few.n_glued == MOST_IDS - 1
    assert many.n_glued == 0
    assert sum(many.blocked.values()) == 1


def test_merged_ids_do_not_count_twice_against_a_key() -> None:
    names = [f"crm:{place}" for place in range(MOST_IDS + 10)]
    merges = merge_ids([(name, "crm:0") for name in names[1:]])
    found = resolve(names, [(name, "\0phone:+1") for name in names], merges, [], sources=SOURCES)
    assert found.blocked == {}


# --- what must not be glued


def test_a_shared_number_does_not_glue_people_who_differ_in_all_else() -> None:
    found = glued(bears(crm_1="a@x +1 +9", crm_2="b@x +2 +9", desk_1="+1"), first_seen=("\0phone:+9",))
    assert people(found) == {frozenset({"crm:1", "desk:1"}), frozenset({"crm:2"})}
    assert found.canonical["\0phone:+9"] == "phone#000001"
    assert len(found.review) == 1
    told = found.review.iloc[0]
    assert (told["id"], told["other_id"], told["kind"], told["glued"]) == ("crm:1", "crm:2", "phone", False)


def test_a_record_that_bears_two_peoples_numbers_is_no_bridge() -> None:
    found = glued(bears(crm_1="a@x +1", crm_2="b@x +2", desk_1="+1 +2"))
    assert len(people(found)) == 3
    assert set(zip(found.review["id"], found.review["other_id"], strict=True)) == {
        ("crm:1", "desk:1"),
        ("crm:2", "desk:1"),
    }


def test_the_most_widely_shared_number_lets_go_first() -> None:
    keys = bears(crm_1="a@x +1 +9", crm_2="b@x +2 +9", crm_3="c@x +3 +9", desk_1="+1", desk_2="+2", desk_3="d@y +3")
    found = glued(keys)
    assert people(found) == {frozenset({f"crm:{place}", f"desk:{place}"}) for place in (1, 2, 3)}


def test_one_address_and_one_number_less_are_no_contradiction() -> None:
    assert glued(bears(crm_1="a@x +1 +9", crm_2="+2 +9")).n_glued == 1  # no second address
    assert glued(bears(crm_1="a@x +1 +9", desk_2="b@x +2 +9")).n_glued == 1  # two systems may know two addresses
    assert glued(bears(crm_1="a@x +1 +9", crm_2="b@x a@x +2 +9")).n_glued == 1  # one address in common
    assert glued(bears(crm_1="a@x +1 +9", crm_2="info@x +2 +9")).n_glued == 1  # an office's address says nothing


def test_doubtful_links_can_be_taken_back() -> None:
    keys = bears(crm_1="a@x +9", crm_2="b@x +9", desk_1="a@x", web_1="~v b@x")
    found = glued(keys, first_seen=("\0phone:+9",))
    assert people(found) == {frozenset({"crm:1", "crm:2", "desk:1", "web:1"})}
    assert found.doubtful == {"crm:2": "crm:1", "phone#000001": "crm:1"}
    assert found.review["glued"].tolist() == [True]
    apart = found.without_doubtful()
    assert people(apart) == {frozenset({"crm:1", "desk:1"}), frozenset({"crm:2", "web:1"})}
    assert apart.n_glued == 2
    assert apart.n_glued == sum(apart.glued_by.values())
    assert apart.doubtful == {}
    assert apart.review["glued"].tolist() == [False]
    assert apart.without_doubtful() is apart


def test_a_chain_of_too_many_ids_is_nobody() -> None:
    chain = {f"crm_{place}": f"+{place} +{place + 1}" for place in range(1, LARGEST + 2)}
    found = glued(bears(**chain))
    assert found.n_glued == 0
    assert len(found.review) == LARGEST
    assert glued(bears(**dict(list(chain.items())[:LARGEST]))).n_glued == LARGEST - 1
    mail = {name: " ".join(f"c{word[1:]}@x" for word in words.split()) for name, words in chain.items()}
    assert glued(bears(**mail)).n_glued == 0


def test_the_review_holds_no_personal_data() -> None:
    found = glued(bears(crm_1="a@x +12025550101 +9", crm_2="b@x +12025550102 +9", crm_3="a+1@x", desk_1="b@x"))
    text = found.review.to_csv() + str(dict(found.blocked)) + str(dict(found.glued_by)) + str(dict(found.doubtful))
    assert len(found.review) == 2
    assert "@" not in text
    assert "555" not in text


# --- what is known of pairs


def test_verdicts_glue_what_keys_do_not_and_part_what_a_number_glues() -> None:
    keys = bears(crm_1="a@x +9", desk_2="+9", web_3="c@x", desk_4="c@x")
    ids = ["crm:1", "desk:2", "web:3", "desk:4"]
    alike = Verdicts(alike=(("web:3", "crm:1"), ("web:3", "nobody:7")))
    found = resolve(ids, keys, {}, [], sources=SOURCES, verdicts=alike)
    assert set(found.canonical.values()) == {"crm:1"}
    assert found.glued_by == {"merge": 0, "email": 1, "phone": 1, "visitor": 0, "likeness": 1}
    apart = Verdicts(apart=(("desk:2", "crm:1"), ("desk:4", "web:3")))
    found = resolve(ids, keys, {}, [], sources=SOURCES, verdicts=apart)
    assert people(found) == {frozenset({"crm:1"}), frozenset({"desk:2"}), frozenset({"web:3", "desk:4"})}
    assert found.review["why"].tolist() == ["unlike in what else is known of them"]


# --- whatever the order

names = st.builds("{}:{}".format, st.sampled_from(SOURCES), st.integers(1, 8))
held = st.one_of(
    st.sampled_from("abcdefgh").map("\0email:{}@x".format),
    st.sampled_from("123456").map("\0phone:+{}".format),
    st.sampled_from("vw").map("\0visitor:{}".format),
)


@given(
    st.lists(st.tuples(names, held), max_size=40),
    st.lists(st.tuples(names, names), max_size=6),
    st.lists(names, max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_never_matters(
    keys: list[tuple[str, str]], merges: list[tuple[str, str]], ids: list[str], chance: random.Random
) -> None:
    def found(keys: list[tuple[str, str]], merges: list[tuple[str, str]], ids: list[str]) -> Identity:
        return resolve(ids, keys, merge_ids(merges), sorted({key for _, key in keys}), sources=SOURCES)

    shuffled = [chance.sample(rows, len(rows)) for rows in (keys, merges, ids)]
    one, two = found(keys, merges, ids), found(*shuffled)  # type: ignore[arg-type]
    assert one.canonical == two.canonical
    assert (one.n_glued, one.blocked, one.glued_by, one.doubtful) == (
        two.n_glued, two.blocked, two.glued_by, two.doubtful
    )  # fmt: skip
    pd.testing.assert_frame_equal(one.review, two.review)
    assert one.without_doubtful().canonical == two.without_doubtful().canonical


@given(st.lists(st.tuples(names, held), max_size=40))
def test_taking_doubtful_links_back_only_ever_splits(keys: list[tuple[str, str]]) -> None:
    found = resolve([], keys, {}, sorted({key for _, key in keys}), sources=SOURCES)
    apart = found.without_doubtful()
    for name, person in apart.canonical.items():
        assert found.canonical[name] == found.doubtful.get(person, person)
    assert sum(found.glued_by.values()) == found.n_glued
    assert sum(apart.glued_by.values()) == apart.n_glued


@given(st.lists(st.tuples(names.filter(lambda name: name != "web:1"), held), max_size=30))
def test_nothing_that_contradicts_itself_is_glued_by_a_number(keys: list[tuple[str, str]]) -> None:
    found = resolve([], keys, {}, [], sources=SOURCES)
    mail: dict[str, set[str]] = {}
    for name, key in keys:
        if key.startswith("\0email"):
            mail.setdefault(name, set()).add(key)
    apart = found.without_doubtful()
    for one in mail:
        for two in mail:
            same_system = one.partition(":")[0] == two.partition(":")[0]
            if one < two and same_system and apart.canonical[one] == apart.canonical[two]:
                assert _joined_by_mail(mail, one, two)


def _joined_by_mail(mail: dict[str, set[str]], one: str, two: str) -> bool:
    reached, held_there = {one}, set(mail[one])
    while grown := {name for name in mail if name not in reached and mail[name] & held_there}:
        reached |= grown
        held_there = set().union(*(mail[name] for name in reached))
    return two in reached


# --- ids


def test_salesforce_ids_of_both_lengths_are_one() -> None:
    normal = normal_id("salesforce")
    assert normal("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert normal("001A0000006Vm9rIAC") == "001A0000006Vm9rIAC"
    assert normal("001A0000006VM9R") != normal("001A0000006Vm9r")  # case tells two records apart
    assert normal("000000000000000") == "000000000000000AAA"
    assert normal("ABCDEABCDEABCDE") == "ABCDEABCDEABCDE555"
    for other in ("007", "a1b2", "0031I00000AbC-E", "000000000000000000000"):
        assert normal(other) == other


@given(st.text("abXY01", min_size=15, max_size=15), st.text("abXY01", min_size=15, max_size=15))
def test_long_salesforce_ids_are_told_apart_without_case(one: str, two: str) -> None:
    normal = normal_id("salesforce")
    assert (normal(one).casefold() == normal(two).casefold()) == (one == two)


@pytest.mark.parametrize(
    ("kind", "spelled", "one"),
    [
        ("guid", "{6F9619FF-8B86-D011-B42D-00C04FC964FF}", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("guid", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        ("guid", "CAS-01234-X", "CAS-01234-X"),
        ("zoho", "zcrm_3652397000000649013", "3652397000000649013"),
        ("zoho", "3652397000000649013", "3652397000000649013"),
        ("digits", "12345.0", "12345"),
        ("digits", "007", "007"),
        ("digits", "۱۲۳۴", "1234"),
        ("digits", "1.5", "1.5"),
        ("digits", "A-12.0", "A-12.0"),
    ],
)
def test_an_id_has_one_spelling(kind: str, spelled: str, one: str) -> None:
    assert normal_id(kind)(spelled) == one


@pytest.mark.parametrize("kind", ["salesforce", "guid", "zoho", "digits"])
def test_a_rounded_id_is_refused_with_advice(kind: str) -> None:
    with pytest.raises(ExportError, match=r"rounded by a spreadsheet.*as CSV"):
        normal_id(kind)("1.23457E+17")
    assert normal_id(kind)("12E4567") == "12E4567"


def test_a_column_of_rounded_ids_is_noticed_without_the_exponent() -> None:
    assert looks_rounded(f"1234567890123{place}5000" for place in range(3))
    assert not looks_rounded(["123456789012345000", "123456789012346000", "123456789012346001"])
    assert not looks_rounded(["123456789012345000", "123456789012346000"])
    assert not looks_rounded(["1000", "2000", "3000", "4000"])


def test_an_unknown_kind_of_id_is_refused_with_the_nearest() -> None:
    with pytest.raises(MappingError, match="Did you mean 'salesforce'"):
        normal_id("salesfroce")
