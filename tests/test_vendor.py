"""What we took over from others is the version that we say, and may be used here."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
GOVUK = PROJECT / "app" / "static" / "vendor" / "govuk"
ICAL_JS = PROJECT / "tests" / "vendor" / "ical.js"
LOCKS = ("runtime.txt", "dev.txt")


def _css() -> str:
    return (GOVUK / "govuk.css").read_text(encoding="utf-8")


def test_the_style_sheet_is_of_the_version_named_in_package_json() -> None:
    package = json.loads((PROJECT / "assets" / "package.json").read_text())
    version = package["dependencies"]["govuk-frontend"]
    assert re.findall(r'--govuk-frontend-version: ?"([^"]*)"', _css()) == [version]
    script = (GOVUK / "govuk-frontend.min.js").read_text(encoding="utf-8")
    assert f'version="{version}"' in script


def test_the_style_sheet_does_not_use_the_font_that_only_gov_uk_may_use() -> None:
    assert "GDS Transport" not in _css()
    assert "@font-face" not in _css()


def test_the_licence_is_there_and_the_marks_of_government_are_not() -> None:
    licence = (GOVUK / "LICENCE.txt").read_text(encoding="utf-8")
    assert "The MIT License" in licence
    assert "Crown Copyright" in licence
    names = {file.name for file in GOVUK.rglob("*") if file.is_file()}
    assert names == {"govuk.css", "govuk-frontend.min.js", "LICENCE.txt"}


def test_the_calendar_reader_of_the_tests_is_unchanged_and_has_its_licence_with_it() -> None:
    names = {file.name for file in ICAL_JS.parent.rglob("*") if file.is_file()}
    assert names == {"ical.min.js", "LICENCE.txt", "README.md"}
    content = (ICAL_JS / "ical.min.js").read_bytes()
    about = (ICAL_JS / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(content).hexdigest() in about
    assert b"Mozilla Public" in content
    licence = (ICAL_JS / "LICENCE.txt").read_text(encoding="utf-8")
    assert licence.startswith("Mozilla Public License Version 2.0")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_library_has_a_hash_and_no_address(lock: str) -> None:
    text = (PROJECT / "requirements" / lock).read_text(encoding="utf-8")
    libraries = re.findall(r"^[a-z0-9][\w.\-]*(?:\[\w+\])?==.*(?:\n .*)*", text, re.MULTILINE)
    assert len(libraries) > 20
    assert [library for library in libraries if "--hash=sha256:" not in library] == []
    assert "://" not in text
    assert "--index-url" not in text


def test_no_lock_of_the_assets_says_where_to_download() -> None:
    lock = json.loads((PROJECT / "assets" / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_tests_run_with_the_versions_that_are_served() -> None:
    served, tested = (_locked(lock) for lock in LOCKS)
    assert served.items() <= tested.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_library_asked_for_is_locked(lock: str) -> None:
    asked_in = (PROJECT / "requirements" / lock).with_suffix(".in").read_text(encoding="utf-8")
    asked = re.findall(r"^([a-z][a-z0-9\-]*)", asked_in, re.MULTILINE)
    assert set(asked) <= set(_locked(lock))


def test_the_project_asks_for_what_runtime_in_asks_for() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    dynamic = settings["tool"]["setuptools"]["dynamic"]["dependencies"]
    assert dynamic == {"file": ["requirements/runtime.in"]}


def _locked(lock: str) -> dict[str, set[str]]:
    """The versions of each library: several where Python's version decides."""
    found: dict[str, set[str]] = {}
    text = (PROJECT / "requirements" / lock).read_text(encoding="utf-8")
    for name, version in re.findall(r"^([a-z0-9][\w.\-]*)(?:\[\w+\])?==([^\s;]+)", text, re.M):
        found.setdefault(name, set()).add(version)
    return found
