"""Words that people write for posts, and for people and schools: values in, values out."""

from __future__ import annotations

import re
from functools import lru_cache

from app.accounts.imports.column_rules import plain
from app.accounts.models import PostKind

POST_NAMES = {
    PostKind.DSL: "Designated Safeguarding Lead",
    PostKind.DEPUTY_DSL: "Deputy DSL",
    PostKind.HEADTEACHER: "Headteacher",
    PostKind.SAFEGUARDING_GOVERNOR: "Safeguarding governor",
}
LEFT_OUT = "none"  # chosen for words that name no post of ours

_LEAD = ("dsl", "d s l", "designated safeguarding lead", "designated lead", "safeguarding lead")
_USUAL = {
    PostKind.DSL: (
        *_LEAD,
        *(f"lead {words}" for words in _LEAD),
        *("dsl lead", "main dsl", "senior dsl", "designated safeguarding lead dsl"),
        *("designated safeguarding leader", "designated safeguarding officer"),
        *("designated safeguarding person", "dsp", "dso", "safeguarding lead dsl"),
    ),
    PostKind.DEPUTY_DSL: (
        *(f"{deputy} {words}" for deputy in ("deputy", "dep", "d") for words in _LEAD),
        *("deputy", "ddsl", "dd s l", "d d s l", "dsl deputy", "deputy lead", "deputy dsls"),
        *("deputy designated safeguarding lead ddsl", "deputy designated safeguarding lead dsl"),
        *("deputy designated safeguarding officer", "deputy safeguarding officer"),
    ),
    PostKind.HEADTEACHER: (
        *("head", "headteacher", "head teacher", "ht", "principal", "headmaster", "headmistress"),
        *("executive headteacher", "executive head teacher", "executive head", "head of school"),
        *("executive principal", "acting headteacher", "acting head teacher", "acting head"),
        *("interim headteacher", "interim head teacher", "interim head", "acting principal"),
        *("co headteacher", "co head"),
    ),
    PostKind.SAFEGUARDING_GOVERNOR: (
        *("safeguarding governor", "governor", "link governor", "safeguarding link governor"),
        *("governor for safeguarding", "link governor for safeguarding", "safeguarding trustee"),
        *("lead governor for safeguarding", "nominated governor", "governor safeguarding"),
        *("nominated safeguarding governor", "nominated governor for safeguarding"),
        "link governor safeguarding",
        *("safeguarding lead governor", "lead safeguarding governor"),
    ),
}
USUAL_POSTS = {words: kind.value for kind, listed in _USUAL.items() for words in listed}

NOBODY = frozenset(
    {
        *(
            "",
            "-",
            "–",
            "—",
            "n/a",
            "na",
            "none",
            "nil",
            "no one",
            "nobody",
            "unknown",
            "not known",
        ),
        *("vacant", "vacancy", "tbc", "tba", "to be confirmed", "to be appointed", "?", "x"),
    }
)
TITLES = frozenset(
    {
        *("mr", "mrs", "ms", "miss", "mx", "dr", "rev", "revd", "reverend", "fr", "father"),
        *("sr", "sister", "prof", "professor", "sir", "dame", "canon"),
    }
)
APART = re.compile(r"\s*(?:[/&+,;|]|\band\b)\s*", re.IGNORECASE)
OF_WORDS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=1_000)  # a list has the same few words in every row
def post_key(words: str) -> str:
    """Words of a post as they are compared: without capitals, dots and a number at the end."""
    bare = re.sub(r"[.’']", "", plain(words))
    return re.sub(r"(?<=[a-z]) ?\d{1,2}$", "", " ".join(OF_WORDS.findall(bare)))


def split_posts(words: str) -> dict[str, str]:
    """“Headteacher and DSL” is two posts: each as compared, and as typed."""
    parts = [part for part in APART.split(words) if post_key(part)]
    return {post_key(part): part for part in parts} or {post_key(words): words}


def same_name_key(name: str) -> str:
    """A person's name as it is compared: “Mrs. Ann O’Hara-Lee” is Ann O'Hara Lee."""
    found = OF_WORDS.findall(re.sub(r"[.’'`]", "", plain(name)))
    while len(found) > 1 and found[0] in TITLES:
        found = found[1:]
    return " ".join(found)


_SAME = (
    ("church of england", "ce"),
    ("c of e", "ce"),
    ("cofe", "ce"),
    ("roman catholic", "catholic"),
    ("rc", "catholic"),
    ("saints", "st"),
    ("saint", "st"),
    ("ss", "st"),
    ("sts", "st"),
    ("junior and infant", "j i"),
    ("j and i", "j i"),
    ("voluntary aided", "va"),
    ("voluntary controlled", "vc"),
)
_SAID_OR_NOT = frozenset({"the", "school", "va", "vc", "and"})


def school_key(name: str) -> str:
    """A school's name as it is compared where it is not written exactly."""
    bare = re.sub(r"[.’'`()]", "", plain(name)).replace("&", " and ")
    found = f" {' '.join(OF_WORDS.findall(bare))} "
    for words, same in _SAME:
        found = found.replace(f" {words} ", f" {same} ")
    kept = [word for word in found.split() if word not in _SAID_OR_NOT]
    return " ".join(kept) or plain(name)


def looks_like_formula(words: str) -> bool:
    """Whether a spreadsheet program would take it for one."""
    return words.startswith(("=", "+", "@", "-"))
