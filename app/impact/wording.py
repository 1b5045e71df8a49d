"""The sentences beside figures: this many of that many, no causes, none of our own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.impact import rules
from app.impact.comparing import ComparedLine
from app.impact.rules import MatchedChange, MeanScore, Share
from app.impact.summaries import (
    BeforeAfter,
    Door,
    DoorState,
    Figure,
    GroupSummary,
    MeasureLines,
    SectorLine,
)
from app.impact.trends import Direction, trend_of
from app.impact.who_answered import POINTS_WORTH_SAYING, WhoAnswered
from app.kernel.london import short_date_words

CUT_OFF = 7  # of scores from 0 to 10 (R36)
TREND_ARROWS = {Direction.HIGHER: "↑", Direction.LOWER: "↓"}
NOT_ANSWERS = (
    "Counted or found by others, as each source says. None of it is a survey answer, and it is "
    "never added to answers."
)
RARE = 0.001
UNUSUAL = 0.05


def as_sentence(words: str) -> str:
    """The words with a capital at their start."""
    return words[:1].upper() + words[1:]


def percent(share: Share | None) -> str:
    """A percentage as printed; a dash where nobody was asked."""
    return f"{share.percent}%" if share else "–"


def score(value: float) -> str:
    """A mean score as printed."""
    return f"{value:.1f}"


def likely_range(share: Share | None) -> str:
    """The likely range of a share, as 91% to 98%."""
    return f"{share.low_percent}% to {share.high_percent}%" if share else "–"


def likely_scores(mean: MeanScore) -> str:
    """The likely range of a mean; all the same score says nothing of the spread."""
    if mean.interval is None:
        return "everyone gave the same score"
    return f"{score(mean.interval.low)} to {score(mean.interval.high)}"


def withheld(below: int) -> str:
    """What stands in place of a withheld figure."""
    return f"fewer than {below} answers"


def how_sure(figure: Figure) -> str:
    """The line beside a bar: 100 of 104, likely between 91% and 98%."""
    if figure.share is None:
        return ""
    share = figure.share
    counted = [option for option in figure.options if option.is_counted]
    parts = ""
    if len(counted) > 1:
        parts = ": " + ", ".join(f"{option.count} “{option.label}”" for option in counted)
    words = (
        f"{share.count} of {share.base}{parts}, "
        f"likely between {share.low_percent}% and {share.high_percent}%"
    )
    return words + (f"; asked of {figure.asked_of}" if figure.asked_of else "")


def how_sure_of_mean(figure: Figure) -> str:
    """The line beside a mean score."""
    mean = figure.mean
    if mean is None:
        return ""
    sure = (
        f"likely between {score(mean.interval.low)} and {score(mean.interval.high)}"
        if mean.interval
        else "everyone gave the same score"
    )
    words = f"mean of {mean.base} answers from 0 to 10, {sure}"
    return words + (f"; asked of {figure.asked_of}" if figure.asked_of else "")


def short_sure(figure: Figure) -> str:
    """How many of how many and how sure, without the single answers."""
    if figure.share is None:
        return as_sentence(how_sure_of_mean(figure))
    share = figure.share
    words = (
        f"{share.count:,} of {share.base:,}, likely between "
        f"{share.low_percent}% and {share.high_percent}%"
    )
    return words + (f"; asked of {figure.asked_of}" if figure.asked_of else "")


def outside_words(figure: Figure) -> str:
    """Those left out of the base, if any."""
    outside = [option for option in figure.options if option.share is None and option.count]
    return "; ".join(f"{option.count} more answered “{option.label}”" for option in outside)


def merged_words(lines: tuple[SectorLine, ...], below: int) -> str:
    """Which sectors stand in one line, and why."""
    merged = [line.label.removesuffix(" together") for line in lines if line.members > 1]
    reason = f"fewer than {below} answers in some of them"
    return " ".join(f"{names} are shown together: {reason}." for names in merged)


def in_lines_words(figure: Figure, below: int) -> str:
    """Why a breakdown counts fewer answers than the figure itself, where it does."""
    counted = sum(line.share.base for line in figure.sectors if line.share)
    if counted >= figure.base:
        return ""
    return f"{figure.base - counted} more answers would add fewer than {below} to a line, and wait."


def answered_words(door: Door) -> str:
    """How many answered, of how many reached."""
    if door.imported_words:
        return f"{door.imported_words}; how many were asked is not on record"
    if door.is_open_link:
        return f"{door.answered:,} answered; anyone with the link could, so there is no rate"
    if not door.asked and door.answered:
        return f"{door.answered:,} answered; how many were asked is not on record"
    if not door.asked:
        return "nobody has been asked yet"
    undelivered = door.asked - door.delivered
    bounced = f"; {undelivered} more could not be delivered" if undelivered else ""
    return f"{door.answered:,} of {door.delivered:,} who were asked{bounced}"


def state_words(door: Door) -> str:
    """What stands in the way of figures, and what happens next; empty if nothing does."""
    on = short_date_words(door.next_on) if door.next_on else ""
    if door.state is DoorState.SHOWN:
        return _waiting_words(door)
    if door.state is DoorState.TOO_FEW and door.imported_words:
        return f"Figures are shown from {door.threshold} answers on."
    if door.state is DoorState.TOO_FEW:
        return (
            f"Figures are shown from {door.threshold} answers on, so that nobody's own answer can "
            "be worked out. These wait for the answers from the next sessions."
        )
    return _open_link_words(door, on) if door.is_open_link else _invited_words(door, on)


def _waiting_words(door: Door) -> str:
    if not door.waiting:
        return ""
    if door.imported_words:
        return (
            f"{door.in_figures:,} of them are in the figures below. The other {door.waiting:,} "
            f"follow when a later file brings more, {door.threshold} or more at a time."
        )
    when = "when asking has closed" if door.is_open else "with those of other sessions"
    return (
        f"{door.in_figures:,} of them are in the figures below. The other {door.waiting:,} follow "
        f"{when}, {door.threshold} or more at a time."
    )


def _open_link_words(door: Door, on: str) -> str:
    if door.answered:
        ending = f", or when the link ends on {on}" if on else ""
        return f"Figures appear when the month is over{ending}."
    return "Nobody has answered through the open link yet. Pass it on, and figures appear here."


def _invited_words(door: Door, on: str) -> str:
    if door.state is DoorState.STILL_OPEN:
        return f"Figures appear when asking closes, on {on}."
    if door.state is DoorState.NOBODY:
        return "At the next session, tell people that a two-minute survey will follow."
    if door.planned and on:
        due = "1 person is" if door.planned == 1 else f"{door.planned:,} people are"
        return f"{due} due to be asked from {on}."
    return "The survey schedule says when people are asked, or why they were not."


def change_words(change: MatchedChange) -> str:
    """Better, same and worse, as people say it."""
    return (
        f"Of {change.pairs} people who answered both, {change.better} gave a higher score, "
        f"{change.same} the same and {change.worse} a lower one."
    )


def chance_words(change: MatchedChange) -> str:
    """The sign test in plain words; empty if there is none."""
    chance = change.sign_test_p
    if chance is None:
        return ""
    if chance < RARE:
        how_often = "less than once in 1,000 times"
    else:
        times = max(1, round(chance * 100))
        how_often = f"about {times} times in 100" if times > 1 else "about once in 100 times"
    said = "is unlikely to be chance alone" if chance < UNUSUAL else "may well be chance"
    return (
        f"If up and down were equally likely, a split this uneven would come up {how_often}: it "
        f"{said}. That says nothing about the cause."
    )


def design_words(found: BeforeAfter) -> str:
    """How before and after were asked."""
    if found.is_recalled:
        return f"Knowledge from 0 to 10, {found.design}."
    times = f"{_lower(found.before_label)} and {_lower(found.after_label)}"
    return f"Knowledge from 0 to 10, {found.design}: {times}."


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def whole(share: Share) -> str:
    """A percentage without decimals, for two that stand side by side on different bases."""
    return f"{(200 * share.count + share.base) // (2 * share.base)}%"


def who_words(found: WhoAnswered) -> str:
    """Whom the answers speak for, in a sentence."""
    if not found.lines:
        return "Too few answered to compare their sectors with those who came."
    line = found.furthest
    if line is None:
        return (
            "Those who answered are spread over the sectors much as those who came: no part "
            f"differs by {POINTS_WORTH_SAYING} points or more."
        )
    weigh = "more" if line.difference > 0 else "less"
    return (
        f"{line.label}: {line.answered.count:,} of {line.answered.base:,} who answered "
        f"({whole(line.answered)}) and {whole(line.came)} of those who came, so the figures "
        f"speak {weigh} for them than for others."
    )


def trend_words(measure: MeasureLines) -> str:
    """From the earliest time to the latest: beyond the likely ranges, or not; empty without two."""
    found = trend_of(measure.figures)
    if found is None:
        return ""
    times = f"{_lower(found.later.door.label)} than {_lower(found.earlier.door.label)}"
    if found.direction is Direction.UNCLEAR:
        return (
            f"No clear difference between {_lower(found.earlier.door.label)} and "
            f"{_lower(found.later.door.label)}: the likely ranges overlap."
        )
    return f"{as_sentence(found.direction.value)} {times}: the likely ranges do not overlap."


def trend_arrow(measure: MeasureLines) -> str:
    """An arrow where the words say higher or lower; it never stands without them."""
    found = trend_of(measure.figures)
    return TREND_ARROWS.get(found.direction, "") if found else ""


def cut_off_words(histogram: Mapping[int, int]) -> str:
    """How many gave the score of the cut-off or more, as 44 of 45 (98%)."""
    high = rules.share_at_least(histogram, CUT_OFF)
    return f"{high.count:,} of {high.base:,} ({percent(high)})" if high else "–"


def cut_offs_words(before: Mapping[int, int], after: Mapping[int, int]) -> str:
    """The sentence about a cut-off before and after (R36)."""
    low, high = rules.share_at_most(before, CUT_OFF - 1), rules.share_at_least(after, CUT_OFF)
    if not low or not high:
        return ""
    return (
        f"{percent(low)} ({low.count:,} of {low.base:,}) gave {CUT_OFF - 1} or less before; "
        f"{percent(high)} ({high.count:,} of {high.base:,}) gave {CUT_OFF} or more after."
    )


def open_beside_words(measure: MeasureLines, open_measures: Iterable[MeasureLines]) -> str:
    """What whoever had the open link said to the same, beside those who were invited."""
    said = [
        f"{percent(figure.share)}, {short_sure(figure)}" if figure.share else short_sure(figure)
        for one in open_measures
        if one.key == measure.key
        for figure in one.figures
        if (figure.share or figure.mean) and not figure.door.imported_words
    ]
    return f"Beside them, through a link open to everyone: {'; '.join(said)}." if said else ""


def beside_words(line: ComparedLine) -> str:
    """How one offer stands beside all others together."""
    if line.beside_others is None:
        return "nothing to compare it with"
    if line.beside_others is Direction.UNCLEAR:
        return "within chance of the others"
    return f"{line.beside_others.value} than the others together, beyond their likely ranges"


def pooled_words(summary: GroupSummary) -> str:
    """What stands in the sums, and what does not."""
    below = summary.breakdown_threshold
    if summary.kind == "sectors":
        return (
            f"figures of evaluations in which this sector stands by itself, with {below} answers "
            "or more; where it is shown together with others it is left out"
        )
    return (
        f"figures that are shown one by one, each of {below} answers or more; what is withheld "
        "there is left out here"
    )


def added_words(figure: Figure) -> str:
    """From how many evaluations a sum comes, and how many are left out of it."""
    return _added(figure.evaluations, figure.left_out)


def pairs_added_words(change: BeforeAfter) -> str:
    """From how many evaluations a sum of pairs comes, and how many are left out of it."""
    return _added(change.evaluations, change.left_out)


def _added(evaluations: int, left_out: int) -> str:
    parts = [f"{evaluations} evaluations added up"] if evaluations > 1 else []
    if left_out and evaluations:
        more = "1 more evaluation has" if left_out == 1 else f"{left_out} more evaluations have"
        parts.append(f"{more} too few answers to be added")
    return "; ".join(parts)
