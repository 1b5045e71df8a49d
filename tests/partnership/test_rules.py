"""A partnership's file is taken whole or refused with a sentence that says what to change."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.partnership.rules import PartnershipFileError, contrast_with_white, read_partnership

FOLDER = Path("partnerships")
WAKEFIELD = (FOLDER / "wakefield.toml").read_text(encoding="utf-8")


def test_wakefield_has_the_thirteen_sectors_in_the_order_of_its_annual_report() -> None:
    names = [sector.name for sector in read_partnership(WAKEFIELD).sectors]
    assert names == [
        "Education",
        "Children and Young People Services",
        "Early Years",
        "Health",
        "Public Health",
        "Adult Services",
        "Probation",
        "Police",
        "Voluntary and Community Sector",
        "Youth Justice",
        "Housing",
        "Fire Service",
        "Other",
    ]


def test_wakefield_has_the_priorities_of_both_plans_and_only_the_first_is_adopted() -> None:
    priorities = read_partnership(WAKEFIELD).priorities
    adopted = [p.title for p in priorities if p.is_adopted]
    anticipated = [p.title for p in priorities if not p.is_adopted]
    assert (len(adopted), adopted[0], adopted[5]) == (13, "Neglect", "Child exploitation")
    assert (len(anticipated), anticipated[0]) == (5, "Educational neglect")
    assert {p.plan for p in priorities} == {"2022-25", "2025-28"}


def test_dates_nobody_has_published_yet_are_marked_as_such() -> None:
    content = read_partnership(WAKEFIELD)
    assert content.years_to_be_confirmed == ("2025/26", "2026/27")
    assert {part.school_year for part in content.half_terms} == {
        "2023/24",
        "2024/25",
        "2025/26",
        "2026/27",
    }


def test_a_half_term_carries_the_name_schools_use() -> None:
    half_terms = read_partnership(WAKEFIELD).half_terms
    second = next(p for p in half_terms if (p.school_year, p.number) == ("2024/25", 2))
    assert (second.name, second.starts_on, second.ends_on) == (
        "Autumn 2",
        date(2024, 11, 4),
        date(2024, 12, 20),
    )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_file_we_ship_can_be_used(path: Path) -> None:
    assert read_partnership(path.read_text(encoding="utf-8")).sectors


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param("[partnership]", "[partnership", "not a TOML file", id="not TOML"),
        pytest.param("[partnership]", "[other]", "needs a part [partnership]", id="part missing"),
        pytest.param('phone = "', 'fax = "', "does not know fax", id="unknown key"),
        pytest.param(
            'phone = "01924 306497"', 'phone = ""', "needs phone, some text", id="empty text"
        ),
        pytest.param("#1f5f8b", "blue", "must look like #1f5f8b", id="colour by name"),
        pytest.param("#1f5f8b", "#ffff00", "is too light", id="colour too light"),
        pytest.param("_days = 2", "_days = -1", "whole number from 0 to 60", id="negative days"),
        pytest.param("_days = 2", '_days = "2"', "whole number from 0 to 60", id="days as text"),
        pytest.param("_days = 2", "_days = true", "whole number from 0 to 60", id="days as truth"),
        pytest.param(
            'organiser_email = "wscp@wakefield.gov.uk"',
            'organiser_email = "wscp"',
            "organiser_email must be an e-mail address",
            id="mailbox without a host",
        ),
        pytest.param("https://www.", "javascript:", "must begin with https://", id="script link"),
        pytest.param('slug = "health"', 'slug = "Health!"', "may hold only a to z", id="slug"),
        pytest.param('slug = "health"', 'slug = "police"', "'police' is there twice", id="doubled"),
        pytest.param('name = "Health"', 'name = "Police"', "'Police' is there twice", id="names"),
        pytest.param('slug = "dsl-training"', 'slug = "DSL"', "a to z", id="refresher slug"),
        pytest.param('slug = "dsl-training"', 'slug = "annual-update"', "there twice", id="twice"),
        pytest.param("months = 24", "months = 0", "from 1 to 120", id="renewed at once"),
        pytest.param("months = 24", "months = 2.5", "from 1 to 120", id="months and a half"),
        pytest.param('why = "Keeping', 'whi = "Keeping', "needs why, some text", id="no reason"),
        pytest.param("is_adopted = true", 'is_adopted = "yes"', "true or false", id="adopted"),
        pytest.param('"Neglect",', "7,", "priorities, a list of titles", id="title is a number"),
        pytest.param('year = "2023/24"', 'year = "2023"', "must look like 2026/27", id="year"),
        pytest.param(
            'year = "2023/24"', 'year = "2024/25"', "is there twice", id="the same year twice"
        ),
        pytest.param("  [2023-09-04, 2023-10-27],\n", "", "needs six half_terms", id="five"),
        pytest.param(
            "[2023-09-04, 2023-10-27]", "[2023-10-27, 2023-09-04]", "first and a last", id="back"
        ),
        pytest.param("2023-09-04", "2023-09-04T09:00:00", "first and a last", id="with a time"),
        pytest.param("2023-10-27", "2023-11-06", "begins before Autumn 1", id="overlap"),
        pytest.param("[policies.cookies]", "[policies.cake]", "does not know cake", id="policy"),
        pytest.param(
            "reviewed_on = 2026-11-20", "reviewed_on = 1", "needs reviewed_on, a date", id="date"
        ),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_change(old: str, new: str, sentence: str) -> None:
    assert old in WAKEFIELD
    with pytest.raises(PartnershipFileError) as refusal:
        read_partnership(WAKEFIELD.replace(old, new, 1))
    assert sentence in str(refusal.value)


def test_school_leads_renew_their_training_every_two_years_and_their_knowledge_every_year() -> None:
    found = {one.slug: one for one in read_partnership(WAKEFIELD).refreshers}
    assert (found["dsl-training"].months, found["annual-update"].months) == (24, 12)
    assert "at least every two years" in found["dsl-training"].why
    assert "at least annually" in found["annual-update"].why


def test_a_partnership_may_have_nothing_that_must_be_renewed() -> None:
    before, _, rest = WAKEFIELD.partition("[[refreshers]]")
    assert read_partnership(before + "[[plans]]" + rest.partition("[[plans]]")[2]).refreshers == ()


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#ffffff", 1.0), ("#000000", 21.0), ("#767676", 4.54)]
)
def test_contrast_is_the_one_of_the_accessibility_guidelines(colour: str, ratio: float) -> None:
    assert contrast_with_white(colour) == pytest.approx(ratio, abs=0.01)
