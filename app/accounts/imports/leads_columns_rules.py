"""What the columns of a list of safeguarding leads may hold: values in, values out.

A list has a row for each person and post, or a row for each school and columns for its posts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.accounts.imports.column_rules import Field, plain
from app.accounts.models import PostKind

# The columns of a file with one row for each school: their name, for people, the post, its words.
WIDE = (
    ("dsl", "DSL", PostKind.DSL, ("dsl", "designated safeguarding lead", "lead dsl")),
    (
        *("deputy", "Deputy DSL", PostKind.DEPUTY_DSL),
        ("deputy dsl", "ddsl", "deputy designated safeguarding lead", "dep dsl", "deputy"),
    ),
    (
        *("deputy2", "Second deputy DSL", PostKind.DEPUTY_DSL),
        ("deputy dsl 2", "ddsl 2", "ddsl2", "deputy designated safeguarding lead 2", "deputy 2"),
    ),
    (
        *("deputy3", "Third deputy DSL", PostKind.DEPUTY_DSL),
        ("deputy dsl 3", "ddsl 3", "ddsl3", "deputy designated safeguarding lead 3", "deputy 3"),
    ),
    (
        *("head", "Headteacher", PostKind.HEADTEACHER),
        ("headteacher", "head teacher", "head", "principal"),
    ),
    (
        *("governor", "Safeguarding governor", PostKind.SAFEGUARDING_GOVERNOR),
        ("safeguarding governor", "link governor", "safeguarding link governor", "governor"),
    ),
)
SCHOOL_HEADINGS = (
    *("school", "school name", "name of school", "establishment", "establishment name"),
    *("academy", "setting", "organisation", "school/academy", "school / academy", "provider"),
)
MAIL_WORDS = ("email", "e-mail", "email address", "e-mail address", "mail")


def _headings_of(words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Headings under which people write the names, and the addresses, of who holds a post."""
    names: list[str] = []
    addresses: list[str] = []
    for one in words:
        for post in (one, f"{one} 1"):
            names += [post, f"{post} name", f"name of {post}", f"{post} full name"]
            names += [f"{post} (name)", f"{post} - name", f"{post}: name", f"{post}'s name"]
            for mail in MAIL_WORDS:
                addresses += [f"{post} {mail}", f"{mail} of {post}", f"{mail} {post}"]
                addresses += [f"{post} ({mail})", f"{post} - {mail}", f"{post}: {mail}"]
                addresses += [f"{post}'s {mail}"]
    return tuple(names), tuple(addresses)


def _wide_fields() -> Iterable[Field]:
    for name, words, _kind, usual in WIDE:
        names, addresses = _headings_of(usual)
        yield Field(name, f"{words}: name", names)
        yield Field(f"{name}_email", f"{words}: email address", addresses)


OF_SCHOOL = (
    Field("school", "School: name, or number (URN)", SCHOOL_HEADINGS),
    Field("urn", "School: number (URN)", ("urn", "school urn", "urn number", "dfe urn")),
)
OF_A_PERSON = (
    Field(
        *("name", "Person: full name"),
        ("name", "full name", "person", "contact", "contact name", "name of person", "staff name"),
    ),
    Field("first_name", "Person: first name", ("first name", "forename", "firstname")),
    Field("last_name", "Person: last name", ("last name", "surname", "lastname", "family name")),
    Field("email", "Person: email address", (*MAIL_WORDS, "contact email", "work email")),
    Field(
        *("post", "Post"),
        ("post", "role", "position", "job title", "job role", "safeguarding role"),
    ),
    Field(
        *("since", "In post since"),
        ("since", "from", "start date", "date started", "in post since", "appointed", "started"),
    ),
)
OF_POSTS = tuple(_wide_fields())
FIELDS = (*OF_SCHOOL, *OF_A_PERSON, *OF_POSTS)
WORDS = {one.name: one.words for one in FIELDS}


def fields_for(headings: Sequence[str]) -> tuple[Field, ...]:
    """The fields, with headings to know them by only of the shape that a file seems to have."""
    found = set(map(plain, headings))
    has_post = found & set(OF_A_PERSON[4].headings)
    is_wide = not has_post and any(found & set(one.headings) for one in OF_POSTS)
    other = OF_A_PERSON if is_wide else OF_POSTS
    silent = tuple(Field(one.name, one.words, ()) for one in other)
    if is_wide:
        school = Field("school", WORDS["school"], (*SCHOOL_HEADINGS, "name"))
        return (school, OF_SCHOOL[1], *silent, *OF_POSTS)
    return (*OF_SCHOOL, *OF_A_PERSON, *silent)


def is_unlike_any(headings: Sequence[str]) -> bool:
    """Whether no heading is one of such a list: another sheet may hold it."""
    usual = {words for one in FIELDS for words in one.headings}
    return not usual & set(map(plain, headings))


def wrong_with_columns(places: Mapping[str, int]) -> list[tuple[int, str]]:
    """What columns cannot be meant so: the column's place, and words."""
    if not {"school", "urn"} & set(places):
        return [(0, "Choose which column holds the school: its name, or its number (URN)")]
    of_posts = [one for one in OF_POSTS if one.name in places]
    if "post" in places:
        if not {"name", "last_name"} & set(places):
            return [(0, "Choose which column holds the name of the person")]
        return [
            (
                places[one.name],
                f"A list with a post in each row has no column “{one.words}”: leave it out",
            )
            for one in of_posts[:1]
        ]
    if not of_posts:
        words = "Choose which column holds the post, or which hold the DSL, the deputy and so on"
        return [(0, words)]
    return _wrong_with_wide(places)


def _wrong_with_wide(places: Mapping[str, int]) -> list[tuple[int, str]]:
    for one in OF_POSTS:
        name = one.name.removesuffix("_email")
        if one.name in places and name not in places:
            return [(places[one.name], f"Choose which column holds “{WORDS[name]}” as well")]
    for one in OF_A_PERSON:
        if one.name in places:
            words = f"A list with a row for each school has no column “{one.words}”: leave it out"
            return [(places[one.name], words)]
    return []
