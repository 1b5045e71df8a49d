"""How often one may try, which codes count, what was typed and what was probably meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from app.accounts import rules
from app.accounts.models import Capacity
from app.accounts.rules import Act, CountedBy, Limit
from app.kernel.refusals import Refused

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
THREE_IN_SIX_HOURS = Limit(CountedBy.ADDRESS, 3, timedelta(hours=6))


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


@pytest.mark.parametrize(
    ("third_newest", "again_at"),
    [
        pytest.param(None, None, id="fewer than three tries"),
        pytest.param(ago(hours=5), NOW + timedelta(hours=1), id="in the window"),
        pytest.param(ago(seconds=0), NOW + timedelta(hours=6), id="all three just now"),
        pytest.param(ago(hours=6), None, id="just old enough"),
        pytest.param(ago(days=3), None, id="long ago"),
    ],
)
def test_a_limit_lets_in_again_when_the_try_that_decides_has_left_the_window(
    third_newest: datetime | None, again_at: datetime | None
) -> None:
    assert rules.may_try_again_at(third_newest, THREE_IN_SIX_HOURS, NOW) == again_at


def test_the_limits_are_those_we_promise() -> None:
    promised = {
        (act, limit.counted_by): (limit.most, limit.within)
        for act, limits in rules.LIMITS.items()
        for limit in limits
        if limit.within <= timedelta(minutes=5) or act is Act.ASK_CODE
    }
    assert promised[Act.ASK_CODE, CountedBy.ADDRESS_FROM_CLIENT] == (3, timedelta(hours=6))
    for by in (CountedBy.ADDRESS, CountedBy.CLIENT):
        assert promised[Act.TRY_CODE, by] == (10, timedelta(minutes=5))
    assert promised[Act.TRY_CODE, CountedBy.EVERYBODY] == (1000, timedelta(minutes=5))
    assert promised[Act.SECOND_STEP, CountedBy.PERSON] == (5, timedelta(minutes=5))


@pytest.mark.parametrize(
    ("expires_in", "tries", "used", "counts"),
    [
        pytest.param(900, 0, False, True, id="fresh"),
        pytest.param(1, 4, False, True, id="last second, last try"),
        pytest.param(0, 0, False, False, id="15 minutes old"),
        pytest.param(-1, 0, False, False, id="older"),
        pytest.param(900, 5, False, False, id="tried five times"),
        pytest.param(900, 0, True, False, id="used"),
    ],
)
def test_a_code_counts_while_it_is_fresh_unused_and_not_tried_out(
    expires_in: int, tries: int, used: bool, counts: bool
) -> None:
    assert (
        rules.code_counts(
            expires_at=NOW + timedelta(seconds=expires_in),
            tries_count=tries,
            used_at=NOW if used else None,
            now=NOW,
        )
        is counts
    )


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        pytest.param("402817", "402817", id="plain"),
        pytest.param(" 402 817 ", "402817", id="spaces"),
        pytest.param("402-817", "402817", id="hyphen"),
        pytest.param("4.0.2.8.1.7", "402817", id="dots"),
        pytest.param("\u200940\u00a02817", "402817", id="spaces pasted from a message"),
        pytest.param("４０２８１７", "402817", id="full-width digits"),
        pytest.param("٤٠٢٨١٧", "", id="digits of another script"),
        pytest.param("40281", "", id="five"),
        pytest.param("4028177", "", id="seven"),
        pytest.param("40281O", "", id="a letter"),
        pytest.param("", "", id="nothing"),
        pytest.param("4" * 100_000, "", id="huge"),
    ],
)
def test_six_digits_are_read_however_they_are_typed(typed: str, digits: str) -> None:
    assert rules.digits_typed(typed) == digits


@pytest.mark.parametrize(
    ("address", "network"),
    [
        pytest.param("192.0.2.7", "192.0.2.7", id="IPv4"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", id="IPv4 in IPv6"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="one customer's IPv6"),
        pytest.param(None, "unknown", id="none"),
        pytest.param("unix:", "unknown", id="a socket"),
    ],
)
def test_a_client_is_a_network_one_customer_has(address: str | None, network: str) -> None:
    assert rules.client_network(address) == network


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("sam@gmial.com", "sam@gmail.com", id="letters swapped"),
        pytest.param("sam@gmail.co", "sam@gmail.com", id="letter missing"),
        pytest.param("sam@hotmial.co.uk", "sam@hotmail.co.uk", id="another host"),
        pytest.param("sam@wakefeild.gov.uk", "sam@wakefield.gov.uk", id="the partnership's own"),
        pytest.param("sam@gmail.com", None, id="right"),
        pytest.param("sam@mail.com", None, id="another provider"),
        pytest.param("sam@wakefield.sch.uk", None, id="a school beside its council"),
        pytest.param("sam@btinternet.com", None, id="right too"),
        pytest.param("sam@sub.nhs.net", None, id="part of a known host"),
    ],
)
def test_a_slip_in_a_common_host_is_noticed(typed: str, meant: str | None) -> None:
    assert rules.likely_meant(typed, ["wakefield.gov.uk"]) == meant


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        pytest.param("Sam.Reed@Example.ORG", "sam.reed@example.org", id="capitals"),
        pytest.param("sam+courses@example.org", "sam+courses@example.org", id="plus"),
        pytest.param("o'brien@example.org", "o'brien@example.org", id="apostrophe"),
        pytest.param("sam@exämple.org", "sam@xn--exmple-cua.org", id="foreign host"),
    ],
)
def test_an_address_is_kept_in_lower_case(typed: str, address: str) -> None:
    assert rules.working_email(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "sam",
        "sam@",
        "@example.org",
        "sam@example",
        "sam@@example.org",
        "sam reed@example.org",
        "sam@example.org\r\nBcc: all@example.org",
        "sam@example.org, kim@example.org",
        "Sam <sam@example.org>",
        "sam@[127.0.0.1]",
        "säm@example.org",
        "a" * 300 + "@example.org",
        "sam@" + "a." * 200 + "org",
    ],
)
def test_what_is_no_address_is_refused_with_an_example_of_one(typed: str) -> None:
    with pytest.raises(Refused, match=r"like name@example\.com"):
        rules.working_email(typed)


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(
    ("seconds_off", "last_step", "step"),
    [
        pytest.param(0, 0, STEP, id="now"),
        pytest.param(-30, 0, STEP - 1, id="telephone is late"),
        pytest.param(30, 0, STEP + 1, id="telephone is early"),
        pytest.param(-60, 0, None, id="too old"),
        pytest.param(60, 0, None, id="from the future"),
        pytest.param(0, STEP, None, id="taken before"),
        pytest.param(-30, STEP, None, id="older than the one taken"),
        pytest.param(30, STEP, STEP + 1, id="the next one after"),
    ],
)
def test_an_authenticators_code_is_taken_once_and_half_a_minute_either_way(
    seconds_off: int, last_step: int, step: int | None
) -> None:
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=seconds_off))
    assert rules.accepted_step(SECRET, code, last_step=last_step, now=NOW) == step


@pytest.mark.parametrize("capacity", [*Capacity, None])
def test_only_the_employed_are_asked_for_a_job(capacity: Capacity | None) -> None:
    assert rules.is_asked_for_job(capacity) is (capacity == "employee")


def test_the_last_administrator_stays() -> None:
    with pytest.raises(Refused, match="last administrator"):
        rules.refuse_to_leave_nobody([7], 7)
    rules.refuse_to_leave_nobody([7, 8], 7)
