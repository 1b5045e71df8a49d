"""What readers have seen of an evaluation: groups of people whose answers were counted."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.checks.small_groups import HarnessError, People, small_group
from app.impact.reports import publishing_rules
from app.impact.reports.documents import Bases
from app.impact.reports.pieces import pieces_of
from app.impact.summaries import EvaluationSummary

NOT_PUBLISHED, CHOSEN = 0.3, 0.8  # of moments; of figures

Key = tuple[str, str]  # a door, and a question or what is told of answers at two times
Views = dict[Key, set[People]]


@dataclass
class Page:
    """What an evaluation showed somebody who opened it, and who stood behind it."""

    summary: EvaluationSummary
    of: object  # which answers are in it: two pages of the same are equal
    views: Views = field(default_factory=lambda: defaultdict(set))
    # By measure and door, as a report names them: the question, all who answered it, each line.
    printed: dict[str, tuple[Key, People, dict[str, People]]] = field(default_factory=dict)
    figures: int = 0


@dataclass
class Seen:
    """Groups of people whose answers to one question, by one door, a reader has seen counted."""

    views: Views = field(default_factory=lambda: defaultdict(set))
    figures: int = 0
    latest: Page | None = None

    def add(self, views: Mapping[Key, Iterable[People]]) -> None:
        """Add what was seen on a page, or in a version of a report."""
        for key, groups in views.items():
            self.views[key].update(groups)

    def smallest(self, fewest: int) -> int:
        """Fewest people whose answers this reader can work out."""
        found = [small_group(views, fewest) for views in self.views.values()]
        return min((size for size in found if size), default=fewest)


class Reports:
    """Versions of reports of one evaluation, published now and then: the public reads them all.

    A version that is withdrawn, or corrected, has been read all the same.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed + 2_000_000)  # noqa: S311 - the same data each time
        self._versions: list[dict[str, Bases]] = []
        self.read = Seen()

    def publish(self, page: Page) -> None:
        """Publish some figures of today, or none; those that are refused are left out."""
        if self._dice.random() < NOT_PUBLISHED:
            return
        chosen = [p for p in pieces_of(page.summary).values() if self._dice.random() < CHOSEN]
        bases = {key: value for piece in chosen for key, value in piece["bases"].items()}
        refused = {
            *publishing_rules.too_small(bases),
            *publishing_rules.unsafe_keys(self._versions, bases),
        }
        version = {key: value for key, value in bases.items() if key not in refused}
        self._versions.append(version)
        known = version.keys() & page.printed.keys()
        if any(key.startswith("personal-") for key in version) and not known:
            raise HarnessError(f"none of {sorted(version)} is known")
        for key in known:
            question, whole, lines = page.printed[key]
            if len(whole) != version[key]["total"]:
                raise HarnessError(f"{key}: {len(whole)} people, {version[key]} in the report")
            wanted = version[key]["groups"].items()
            if any(base != len(lines.get(label, ())) for label, base in wanted):
                raise HarnessError(f"{key}: {version[key]} are not the lines of the page")
            self.read.views[question] |= {whole, *(lines[label] for label, _ in wanted)}
            self.read.figures += 1 + len(wanted)
