"""What the documents promise is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import SETTINGS, Setting

OPERATING_GUIDE = Path(__file__).parents[1] / "docs" / "operating.md"


def undocumented(settings: tuple[Setting, ...], guide: str) -> list[str]:
    """Settings that the guide does not name in code type."""
    return [setting.name for setting in settings if f"`{setting.name}`" not in guide]


def test_every_setting_is_in_the_operating_guide() -> None:
    assert undocumented(SETTINGS, OPERATING_GUIDE.read_text(encoding="utf-8")) == []


def test_a_setting_that_is_not_in_the_guide_is_found() -> None:
    assert undocumented((Setting("A", "x"), Setting("B", "y")), "Set `A`, or B") == ["B"]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_says_what_it_means(setting: Setting) -> None:
    assert len(setting.meaning) > 15
