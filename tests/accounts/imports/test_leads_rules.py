"""What a list of safeguarding leads says, and which school and post its words mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from app.accounts.imports import leads_columns_rules as columns_rules
from app.accounts.imports.column_rules import suggest
from app.accounts.imports.leads_plan_rules import Held, Known, KnownPerson, Plan, plan
from app.accounts.imports.leads_rules import Reading, read_rows
from app.accounts.imports.leads_schools_rules import KnownSchool, Schools, schools_by_words
from app.accounts.imports.leads_words_rules import USUAL_POSTS, post_key, same_name_key
from app.accounts.models import PostKind
from app.kernel.refusals import Refused

pytestmark = pytest.mark.one_database

TODAY = date(2026, 11, 21)
DSL, DEPUTY, HEAD, GOVERNOR = PostKind
LONG = {"school": 0, "name": 1, "email": 2, "post": 3, "since": 4}
WIDE = {"school": 0, "dsl": 1, "dsl_email": 2, "deputy": 3, "deputy_email": 4}
ASH = KnownSchool(1, "100001", "Ash Primary School", 9, aliases=("Ash",))
ELM = KnownSchool(2, "100002", "St. Elm’s C of E Academy", 9, aliases=("Elm High",))
OLD = KnownSchool(3, "100003", "Old Elm School", 9, closed_on=date(2026, 8, 31), stands_for_it=2)
SHUT = KnownSchool(4, "100004", "Shut School", 9, closed_on=date(2025, 8, 31))
MILL = KnownSchool(5, "100005", "Mill School", 9)
MILL_TOO = KnownSchool(6, "100006", "Mill School", 9)


def read(columns: dict[str, int], *rows: Sequence[str], **words: str) -> Reading:
    width = max(columns.values()) + 1
    numbered: list[list[Any]] = [
        [number, *row, *[""] * (width - len(row))] for number, row in enumerate(rows, 2)
    ]
    return read_rows(numbered, columns, {**USUAL_POSTS, **words}, today=TODAY)


def schools() -> Schools:
    return schools_by_words([ASH, ELM, OLD, SHUT, MILL, MILL_TOO])


def held(person: KnownPerson, school: KnownSchool, kind: PostKind) -> Held:
    return Held(person.id * 100 + school.id, person, school.id, kind)


def planned(
    reading: Reading, *posts: Held, people: Sequence[KnownPerson] = (), **how: bool
) -> Plan:
    known = {one.email: one for one in [*people, *(post.person for post in posts)] if one.email}
    return plan(reading, schools(), Known(known, posts), **how)


def new(found: Plan) -> list[tuple[Any, int, PostKind]]:
    return [(one.who, one.school.id, one.kind) for one in found.new_posts]


def told(found: Reading | Plan) -> list[str]:
    return [str(one) for one in found.problems]


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("DSL", [DSL]),
        ("D.S.L.", [DSL]),
        ("Lead DSL", [DSL]),
        ("Designated  Safeguarding Lead (DSL)", [DSL]),
        ("deputy", [DEPUTY]),
        ("DDSL 2", [DEPUTY]),
        ("Dep. DSL", [DEPUTY]),
        ("Deputy Designated Safeguarding Lead", [DEPUTY]),
        ("Head teacher", [HEAD]),
        ("PRINCIPAL", [HEAD]),
        ("Headteacher / DSL", [HEAD, DSL]),
        ("Head of School and D.S.L.", [HEAD, DSL]),
        ("Link governor", [GOVERNOR]),
        ("Safeguarding Governor", [GOVERNOR]),
    ],
)
def test_posts_are_known_as_people_write_them(words: str, kinds: list[PostKind]) -> None:
    found = read(LONG, ("Ash", "Ann Lee", "", words))
    assert ([one.kind for one in found.given], found.unknown) == (kinds, {})


def test_words_that_are_no_post_are_asked_about_and_may_be_left_out() -> None:
    rows = (("Ash", "Ann Lee", "", "Deputy Head and DSL"), ("Ash", "Ben Rowe", "", "SENDCo"))
    found = read(LONG, *rows)
    assert found.unknown == {"deputy head": "Deputy Head", "sendco": "SENDCo"}
    found = read(LONG, *rows, **{"deputy head": "none", "sendco": "none"})
    assert ([one.kind for one in found.given], found.left_out_count) == ([DSL], 1)
    with pytest.raises(Refused, match="too many words that are no post"):
        read(LONG, *(("Ash", "Ann Lee", "", f"Caretaker {'x' * n}") for n in range(61)))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("", "Ann Lee", "", "DSL"), "the school is empty: each row needs its own"),
        (("Ash", "Ann Lee", "", ""), "the post is empty"),
        (("Ash", "", "ann@x.example.org", "DSL"), "“ann@x.example.org” has no name beside it"),
        (("Ash", "Ann", "ann at x", "DSL"), "“ann at x” is not an email address (Ann)"),
        (("Ash", "=A1+B1", "", "DSL"), "“=A1+B1” looks like a formula: write the words themselves"),
        (("Ash", "1234", "", "DSL"), "“1234” is not a name"),
        (
            ("Ash", "Ann Lee & Ben Rowe", "", "DSL"),
            "“Ann Lee & Ben Rowe” looks like more than one person: write ; between them",
        ),
        (("Ash", "x" * 201, "", "DSL"), "the name of the person is too long"),
        (("Ash", "Ann", "", "x" * 201), "the post is too long"),
        (("x" * 201, "Ann", "", "DSL"), "the name of the school is too long"),
        (("Ash", "Ann", "", "DSL", "soon"), "“soon” is not a day since when, as 1 9 2025"),
        (
            ("Ash", "Ann", "", "DSL", "2027-01-01"),
            "“2027-01-01” is a day to come: take it in when the post has begun",
        ),
    ],
)
def test_what_cannot_be_used_is_told_by_row_and_the_next_row_is_read(
    row: Sequence[str], words: str
) -> None:
    found = read(LONG, row, ("Ash", "Ben Rowe", "BEN@ash.example.org", "DSL", "1/9/2025"))
    assert told(found) == [f"Row 2: {words}"]
    [ben] = found.given
    assert (ben.row, ben.email, ben.since) == (3, "ben@ash.example.org", date(2025, 9, 1))


def test_nobody_in_a_post_is_no_problem_and_an_address_may_stand_beside_the_name() -> None:
    found = read(
        LONG,
        ("Ash", "Vacant", "n/a", "DSL"),
        ("Ash", "Ann Lee (Ann@Ash.example.org)", "", "DSL"),
        ("Ash", "Ben Rowe; Cas Hill", "mailto:ben@ash.example.org, cas@ash.example.org", "DSL"),
    )
    assert (found.problems, found.vacant_count) == ([], 1)
    assert [(one.name, one.email) for one in found.given] == [
        ("Ann Lee", "ann@ash.example.org"),
        ("Ben Rowe", "ben@ash.example.org"),
        ("Cas Hill", "cas@ash.example.org"),
    ]


def test_an_address_that_two_names_share_is_told_in_both_rows() -> None:
    found = read(
        LONG,
        ("Ash", "Ann Lee", "safe@ash.example.org", "DSL"),
        ("Ash", "Ben Rowe", "safe@ash.example.org", "Deputy"),
        ("Elm", "Mrs. Cas O’Hill", "cas@elm.example.org", "DSL"),
        ("Ash", "Cas O'Hill", "CAS@elm.example.org", "DSL"),
    )
    words = (
        "safe@ash.example.org stands beside Ann Lee (row 2) and Ben Rowe (row 3): leave it empty "
        "for whoever has no address of their own"
    )
    assert told(found) == [f"Row 2: {words}", f"Row 3: {words}"]
    assert [one.row for one in found.given] == [4, 5]


BOTH = "ben@x.example.org\ncas@x.example.org"


def test_a_row_for_each_school_has_people_in_columns_several_in_a_cell() -> None:
    found = read(
        WIDE,
        ("Ash", "Ann Lee", "ann@x.example.org", "Ben Rowe; Cas Hill", BOTH),
        ("Elm", "Dan Moss\nEve Park", "", "Flo Hart; Gus Ward", "; gus@x.example.org"),
        ("Oak", "", "", "Hal Yates; Ida Zell", "hal@x.example.org"),
        ("Fir", "Jo King", "none of yours", "Kit Lane; TBC", "kit@x.example.org"),
    )  # fmt: skip
    assert [(one.school, one.name, one.email[:3], one.kind) for one in found.given] == [
        ("Ash", "Ann Lee", "ann", DSL),
        ("Ash", "Ben Rowe", "ben", DEPUTY),
        ("Ash", "Cas Hill", "cas", DEPUTY),
        ("Elm", "Dan Moss", "", DSL),
        ("Elm", "Eve Park", "", DSL),
        ("Elm", "Flo Hart", "", DEPUTY),
        ("Elm", "Gus Ward", "gus", DEPUTY),
        ("Fir", "Kit Lane", "kit", DEPUTY),
    ]
    assert told(found) == [
        "Row 4: Deputy DSL: 2 names and 1 email address: write as many of each, in the same order, "
        "with ; between them",
        "Row 5: DSL: “none of yours” is not an email address (Jo King)",
    ]


@pytest.mark.parametrize(
    ("headings", "names"),
    [
        (["School", "Full name", "E-mail", "Role"], ["school", "name", "email", "post"]),
        (
            ["Name", "URN", "DSL", "DSL Email", "Deputy DSL 1 name", "Deputy DSL 2 email", "Email"],
            ["school", "urn", "dsl", "dsl_email", "deputy", "deputy2_email", ""],
        ),
        (
            ["School name", "Head Teacher", "Safeguarding Governor", "Notes"],
            ["school", "head", "governor", ""],
        ),
    ],
)
def test_both_shapes_are_known_by_their_headings(headings: list[str], names: list[str]) -> None:
    assert suggest(headings, columns_rules.fields_for(headings), {}) == names
    assert not columns_rules.is_unlike_any(headings)
    assert columns_rules.is_unlike_any(["Month", "Budget"])


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["name", "post"], "Choose which column holds the school: its name, or its number (URN)"),
        (["school", "email", "post"], "Choose which column holds the name of the person"),
        (
            ["school", "name", "post", "dsl"],
            "A list with a post in each row has no column “DSL: name”: leave it out",
        ),
        (
            ["school", "name"],
            "Choose which column holds the post, or which hold the DSL, the deputy and so on",
        ),
        (["urn", "head_email"], "Choose which column holds “Headteacher: name” as well"),
        (
            ["urn", "dsl", "email"],
            "A list with a row for each school has no column “Person: email address”: leave it out",
        ),
        (["urn", "last_name", "post"], None),
        (["school", "dsl", "governor"], None),
    ],
)
def test_columns_make_one_list_of_one_shape(names: list[str], words: str | None) -> None:
    wrong = columns_rules.wrong_with_columns({name: place for place, name in enumerate(names)})
    assert [text for _place, text in wrong] == ([words] if words else [])


@pytest.mark.parametrize(
    ("words", "urn", "school"),
    [
        ("ASH  primary school", "", ASH),
        ("Ash Primary", "", ASH),
        ("100001", "", ASH),
        ("100001.0", "", ASH),
        ("Some words", "100001", ASH),
        ("elm high", "", ELM),
        ("Saint Elms Church of England Academy", "", ELM),
        ("Old Elm School", "", ELM),
        ("", "100003", ELM),
    ],
)
def test_a_school_is_found_by_number_and_by_all_its_names(
    words: str, urn: str, school: KnownSchool
) -> None:
    assert schools().find(words, urn) is school


@pytest.mark.parametrize(
    ("words", "urn", "refusal"),
    [
        ("Ahs Primry School", "", "“Ahs Primry School” is not in our list of schools. "
         "Nearest: Ash Primary School"),
        ("Zzz", "", "“Zzz” is not in our list of schools"),
        ("", "999999", "“999999” is not the number (URN) of a school in our list"),
        ("Shut School", "", "Shut School closed on Sunday 31 August 2025 and no other school in "
         "our list took its place"),
        ("Mill School", "", "more than one school is called “Mill School”: write its number "
         "(100005 or 100006)"),
        ("Mill School", "100001", "100001 is the number (URN) of Ash Primary School, not of Mill "
         "School"),
    ],
)  # fmt: skip
def test_a_school_that_is_not_clear_is_told_with_those_like_it(
    words: str, urn: str, refusal: str
) -> None:
    with pytest.raises(Refused) as caught:
        schools().find(words, urn)
    assert str(caught.value) == refusal


ANN = KnownPerson(1, "Ann Lee", "ann@x.example.org", True)
BEN = KnownPerson(2, "Ben Rowe", None, True)
GONE = KnownPerson(3, "Gil Past", "gil@x.example.org", False)


def test_people_are_found_by_address_else_by_name_in_a_post_there_else_new() -> None:
    found = planned(
        read(
            LONG,
            ("Ash", "Anne Leigh", "ANN@x.example.org", "DSL"),  # known by another name
            ("Ash", "Ben Rowe", "", "Deputy"),  # holds it already
            ("Ash", "Ben Rowe", "", "Governor"),
            ("Mill", "Ben Rowe", "", "Deputy"),  # somebody else
            ("Elm High", "Cas Hill", "cas@x.example.org", "DSL"),
            ("Elm High", "Cas Hill", "", "Head"),
            ("Ash", "Cas Hill", "cas@x.example.org", "DSL"),  # in two schools
            ("Ash", "Gil Past", "gil@x.example.org", "Head"),
            ("Elm High", "CAS HILL", "cas@x.example.org", "dsl"),
        ),
        held(BEN, ASH, DEPUTY),
        people=[ANN, GONE],
    )
    assert new(found) == [
        (1, 1, DSL),
        (2, 1, GOVERNOR),
        ("cas@x.example.org", 2, DSL),
        ("cas@x.example.org", 2, HEAD),
        ("cas@x.example.org", 1, DSL),
    ]
    assert (len(found.unchanged), len(found.doubled), list(found.new_people)) == (
        *(1, 1),
        ["cas@x.example.org"],
    )
    assert told(found) == [
        "Row 5: more than one school is called “Mill”: write its number (100005 or 100006)",
        "Row 9: Gil Past was deactivated here: nothing is changed",
    ]
    assert "Row 2: Anne Leigh is called Ann Lee here: that name stays" in map(str, found.notes)


def test_an_address_that_was_missing_is_added_and_another_one_is_somebody_new() -> None:
    found = planned(
        read(
            LONG,
            ("Elm High", "Ben Rowe", "ben@x.example.org", "Governor"),
            ("Ash", "Ben Rowe", "ben@x.example.org", "Deputy"),
            ("Ash", "Ann Lee", "ann@new.example.org", "DSL"),
        ),
        *(held(BEN, ASH, DEPUTY), held(ANN, ASH, DSL)),
    )
    assert (found.completed, new(found)) == (
        {2: "ben@x.example.org"},
        [(2, 2, GOVERNOR), ("ann@new.example.org", 1, DSL)],
    )
    assert any("already, with the address ann@x.example.org" in str(one) for one in found.notes)


def test_somebody_deactivated_is_not_meant_by_name() -> None:
    past = KnownPerson(4, "Ida Past", None, False)
    rows = (("Ash", "Ida Past", "", "DSL"), ("Elm High", "Ida Past", "ida@x.example.org", "DSL"))
    found = planned(read(LONG, *rows), held(past, ASH, DSL), held(past, ELM, DSL))
    assert new(found) == [("ida past\n1", 1, DSL), ("ida@x.example.org", 2, DSL)]
    assert found.completed == {}


def test_two_of_one_name_at_a_school_need_their_addresses() -> None:
    twin = KnownPerson(7, "Ann Lee", "lee@x.example.org", True)
    found = planned(
        read(LONG, ("Ash", "Ann Lee", "", "Head")), held(ANN, ASH, DSL), held(twin, ASH, DEPUTY)
    )
    assert told(found) == [
        "Row 2: there is more than one Ann Lee at Ash Primary School: add the email address"
    ]


@pytest.mark.parametrize(
    ("posts", "ends", "expected"),
    [
        ((), False, [(1, 1, DSL)]),
        ((DSL,), False, []),
        ((DSL,), True, []),
        ((DEPUTY,), True, [(1, 1, DSL)]),
    ],
)
def test_of_lead_and_deputy_the_lead_counts(
    posts: Sequence[PostKind], ends: bool, expected: list[tuple[int, int, PostKind]]
) -> None:
    reading = read(
        LONG,
        ("Ash", "Ann Lee", "ann@x.example.org", "Deputy"),
        ("Ash", "Ann Lee", "ann@x.example.org", "DSL"),
    )
    found = planned(
        reading, *(held(ANN, ASH, kind) for kind in posts), people=[ANN], ends_others=ends
    )
    assert (new(found), found.ending) == (expected, [])
    assert "Row 2: Ann Lee is DSL and deputy at Ash Primary School: DSL counts" in map(
        str, found.notes
    )


def test_somebody_steps_down_only_where_the_file_says_who_leaves() -> None:
    reading = read(
        LONG,
        ("Ash", "Ann Lee", "ann@x.example.org", "Deputy"),
        ("Ash", "Cas Hill", "cas@x.example.org", "DSL"),
    )
    lead = held(ANN, ASH, DSL)
    assert new(planned(reading, lead)) == [("cas@x.example.org", 1, DSL)]
    found = planned(reading, lead, ends_others=True)
    assert new(found) == [(1, 1, DEPUTY), ("cas@x.example.org", 1, DSL)]
    assert found.ending == [lead]


def test_nobody_leaves_whom_the_file_may_mean_or_of_whose_post_it_does_not_speak() -> None:
    cas, dan = (KnownPerson(8, "Cas Hill", None, True), KnownPerson(9, "Dan Moss", None, True))
    at_ash = [held(ANN, ASH, DSL), held(cas, ASH, DSL), held(dan, ASH, GOVERNOR)]
    elsewhere = [held(cas, ELM, DSL), held(dan, MILL, DSL)]
    rows = [
        ("Ash", "Eve Park", "eve@x.example.org", "DSL"),
        ("Elm High", "Flo Hart", "no address", "DSL"),
        ("Ahs", "Cas Hill", "", "DSL"),
    ]
    found = planned(read(LONG, *rows), *at_ash, *elsewhere, ends_others=True)
    # Cas may be meant in row 4; a row of Elm has a problem; Mill is not named; no governor is.
    assert found.ending == [at_ash[0]]
    assert planned(read(LONG, *rows), *at_ash, *elsewhere).ending == []


def test_words_are_compared_without_what_people_leave_out() -> None:
    assert post_key("  Dep. D.S.L. (2) ") == "dep dsl"
    assert same_name_key("Rev. Dr Ann O’Hara-Lee") == same_name_key("ann o'hara lee")
    assert same_name_key("Dr") == "dr"
