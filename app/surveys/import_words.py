"""The words by which an imported question is known: scales, yes and no, what is measured."""

from __future__ import annotations

import re

# Scales from the best step to the worst, each step a pattern for the whole answer in plain words.
SCALES: dict[str, tuple[str, ...]] = {
    "agreement": (
        "(strongly|completely|totally) agree",
        "(tend to |somewhat |slightly |mostly )?agree",
        "neither agree (n?or) disagree|neither|neutral|unsure|not sure|undecided",
        "(tend to |somewhat |slightly |mostly )?disagree",
        "(strongly|completely|totally) disagree",
    ),
    "frequency": (
        "always|daily|every day|very (frequently|often|regularly)",
        "frequently|often|regularly|usually|weekly",
        "occasionally|sometimes|monthly|now and then",
        "rarely|seldom|hardly ever|very rarely",
        "never",
    ),
    "quality": (
        "excellent|outstanding",
        "very good",
        "good",
        "fair|average|satisfactory|ok|okay|acceptable|adequate|neutral|neither good nor poor",
        "poor|bad|not good|inadequate|unsatisfactory",
        "very (poor|bad)",
    ),
    "satisfaction": (
        "(very|extremely|completely) satisfied",
        "(fairly |somewhat |quite )?satisfied",
        "neither.*|neutral",
        "(fairly |somewhat |quite )?(dissatisfied|unsatisfied)",
        "(very|extremely|completely) (dissatisfied|unsatisfied)",
    ),
    "likelihood": (
        "(very|extremely|highly) likely|definitely|certainly",
        "(somewhat |quite |fairly )?likely|probably",
        "neither.*|neutral|unsure|not sure|maybe|possibly",
        "(somewhat |quite |fairly )?unlikely|not likely|probably not",
        "(very|extremely|highly) unlikely|not at all likely|definitely not",
    ),
    "improvement": (
        "(yes,? )?(improved |increased )?significant(ly)?( improve.*| increase.*)?"
        "|(yes,? )?much (more|better|improved)|a great deal|improved a lot|large improvement",
        "(yes,? )?(improved |increased )?slight(ly)?( improve.*| increase.*)?|(yes,? )?improved"
        "|(yes,? )?increased|(yes,? )?(a little|somewhat) (more|better|improved)|improved a little",
        "none|no|no change|no improvement|not improved|stayed the same|(about )?the same|same",
        "worse|became worse|decreased|a little (less|worse)|less",
        "much (less|worse)",
    ),
    "amount": (
        "(extremely|completely|fully|exceptionally)( .*)?|a great deal|to a great extent",
        "very( .*)?|a lot|considerably|mostly",
        "(fairly|quite|moderately|somewhat|reasonably|partly|partially)( .*)?|to some extent"
        "|neither.*|neutral",
        "not (very|so|particularly)( .*)?|slightly( .*)?|a little( .*)?|to a small extent",
        "not at all( .*)?|not (useful|relevant|confident|helpful)|none",
    ),
    "grade": (
        "(very|extremely|highly|completely|fully) \\w+",
        "confident|useful|relevant|helpful|informed|effective|important",
        "(fairly|quite|moderately|somewhat|reasonably|partly) \\w+|neither.*|neutral",
        "not very \\w+|slightly \\w+|a little \\w+",
        "not at all( \\w+)?|not \\w+",
    ),
    "partly": (
        "yes|definitely|yes,? (fully|completely|definitely)|exceeded.*",
        "partly|partially|somewhat|to some extent|yes,? partly|mostly|maybe|met.*",
        "no|not at all|not met",
    ),
}
# How many of its best steps count, unless our own question to the measure says otherwise.
POSITIVE_STEPS = {
    "agreement": 2,
    "frequency": 3,
    "quality": 3,
    "satisfaction": 2,
    "likelihood": 2,
    "improvement": 2,
    "amount": 2,
    "grade": 2,
    "partly": 1,
}
OUTSIDE_BASE = re.compile(
    r"n/?a|not applicable( .*)?|(it )?does not apply( .*)?|doesn'?t apply( .*)?|prefer not to say"
    r"|(this is )?not relevant to my role|i have not used.*|not (yet )?used.*"
)
LEADING_NUMBER = re.compile(r"\(?\d{1,2}\)?\s*[-–=:.)]?\s+")
YES, NO = "ja|oui|si|ie|do|yes|y|true", "nein|non|no|na|naddo|nac oes|n|false"
PERSONAL = re.compile(
    r"(your |full |first |last |sur|work )*name\d*|(your |work )*(e-?mail|phone|telephone|mobile)"
    r"( address| number)?\d*|(please )?(enter|give|provide|leave) (us )?your"
    r" (full )?(name|e-?mail|contact).*|contact details.*"
)
E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# What a question measures, by its words; the first that fits both words and way of answering.
BY_WORDS: tuple[tuple[str, str], ...] = (
    ("knowledge_before", r"(knowledge|understanding).*\b(before|prior|beforehand)\b"),
    ("knowledge_before", r"\b(before|prior to)\b.*(knowledge|understanding)"),
    ("knowledge_change", r"(knowledge|understanding).*(improve|increase|change|develop|grown)"),
    ("knowledge_change", r"(improve|increase|change|develop).*(knowledge|understanding)"),
    ("knowledge", r"(knowledge|understanding)"),
    ("informed", r"\binformed\b"),
    ("skills", r"\bskills?\b"),
    ("confidence", r"confiden"),
    ("recommend", r"recommend"),
    ("use", r"how (often|frequently|regularly)|\bfrequen"),
    ("usefulness", r"useful|helpful"),
    ("relevance", r"relevan"),
    ("expectations", r"expectation"),
    ("intention", r"\b(intend|intention|plan to|going to|will you)\b.*"),
    ("barriers", r"barrier|got in the way|stopp?(ed|ing) you|prevent(ed|ing)? you|obstacle"),
    ("changes", r"what.*chang|changes? (have|has|did)|as a result"),
    ("attendance", r"\battended?\b"),
    ("awareness", r"\b(aware|heard of|know about)\b"),
    ("access", r"\b(used|accessed|use|access|opened|visited)\b"),
    ("quality", r"overall|quality|rate (the|this|today|our|your)|how (was|would you rate|good)"),
)
