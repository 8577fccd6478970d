from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from steersman.apimachinery.quantity import (
    BINARY_SI,
    DECIMAL_EXPONENT,
    DECIMAL_SI,
    FORMAT_WRONG,
    NUMERIC_WRONG,
    SUFFIX_WRONG,
    Quantity,
)

N = Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("text", "amount", "format"),
    [
        ("0", 0, DECIMAL_SI),
        ("0Ki", 0, BINARY_SI),
        ("1", 1, DECIMAL_SI),
        ("1Ki", 1024, BINARY_SI),
        ("3Ei", 3 * 2**60, BINARY_SI),
        ("5n", 5 * N, DECIMAL_SI),
        ("4u", 4000 * N, DECIMAL_SI),
        ("3m", Fraction(3, 1000), DECIMAL_SI),
        ("8k", 8000, DECIMAL_SI),
        ("12E", 12 * 10**18, DECIMAL_SI),
        ("1E3", 1000, DECIMAL_EXPONENT),
        ("1e3", 1000, DECIMAL_EXPONENT),
        ("1.3E+6", 1300000, DECIMAL_EXPONENT),
        ("0.5e-2", Fraction(5, 1000), DECIMAL_EXPONENT),
        ("100.035k", 100035, DECIMAL_SI),
        (".001", Fraction(1, 1000), DECIMAL_SI),
        (".0001k", Fraction(1, 10), DECIMAL_SI),
        ("1.", 1, DECIMAL_SI),
        ("1.G", 10**9, DECIMAL_SI),
        ("+5", 5, DECIMAL_SI),
        (" 5 ", 5, DECIMAL_SI),
        (".", 0, DECIMAL_SI),
        ("100.035Ki", Fraction(10243584, 100), BINARY_SI),
        ("0.5Mi", 2**19, BINARY_SI),
        ("0.025Ti", Fraction(274877906944, 10), BINARY_SI),
        ("3.001n", 4 * N, DECIMAL_SI),
        ("0.9n", N, DECIMAL_SI),
        ("1.1E-9", 2 * N, DECIMAL_EXPONENT),
        ("1e-1000000", N, DECIMAL_EXPONENT),
        ("0.00000012345", 124 * N, DECIMAL_SI),
        ("9Ei", 2**63 - 1, BINARY_SI),
        ("9223372036854775807Ki", 2**63 - 1, BINARY_SI),
        ("0.000000000001Ki", 2 * N, DECIMAL_SI),
    ],
)
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_quantity_is_read(text: str, amount: Fraction, format: str, sign: str) -> None:
    signed = sign + text.strip().removeprefix("+") if sign else text
    quantity = Quantity.parse(signed)

    assert quantity.nanos * N == (-amount if sign else amount)
    assert quantity.format == format


@pytest.mark.parametrize(
    ("number", "text"), [(5, "5"), (1000, "1k"), (1.5, "1500m"), (0.1, "100m"), (1e-7, "100e-9"), (-2, "-2")]
)
def test_a_json_number_is_read(number: float, text: str) -> None:
    assert str(Quantity.parse(number)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", FORMAT_WRONG),
        ("1.1.M", FORMAT_WRONG),
        ("1+1.0M", FORMAT_WRONG),
        ("0.1am", FORMAT_WRONG),
        ("aoeu", FORMAT_WRONG),
        ("1 Gi", FORMAT_WRONG),
        ("--1", SUFFIX_WRONG),
        ("١", FORMAT_WRONG),
        ("0.1mi", SUFFIX_WRONG),
        (".5i", SUFFIX_WRONG),
        ("1i", SUFFIX_WRONG),
        ("1e", SUFFIX_WRONG),
        ("-3.01e-", SUFFIX_WRONG),
        ("1-5", SUFFIX_WRONG),
        ("1GB", FORMAT_WRONG),
        ("1Kim", SUFFIX_WRONG),
        ("1e1001", NUMERIC_WRONG),
        ("1" * 257, NUMERIC_WRONG),
    ],
)
def test_what_is_no_quantity_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        Quantity.parse(text)

    assert str(error.value) == message


def test_the_wording_for_a_wrong_format() -> None:
    assert FORMAT_WRONG == (
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0Ki", "0"),
        ("00", "0"),
        ("-0", "0"),
        ("1024Mi", "1Gi"),
        ("307200Ki", "300Mi"),
        ("1025024Mi", "1001Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Ki", "512"),
        ("1025Ki", "1025Ki"),
        ("100.035Ki", "102435840m"),
        (".001Ki", "1024m"),
        (".000001Ki", "1024u"),
        (".000000000001Ki", "2n"),
        ("9Ei", "9223372036854775807"),
        ("1000M", "1G"),
        ("0.001T", "1G"),
        ("1000u", "1m"),
        ("5000m", "5"),
        ("0.5", "500m"),
        ("1.08", "1080m"),
        ("1080000000n", "1080m"),
        ("100m", "100m"),
        ("1500m", "1500m"),
        ("3000", "3k"),
        ("1000E", "1000E"),
        (".001e12", "1e9"),
        ("0.001e0", "1e-3"),
        ("1000e-12", "1e-9"),
        ("12e6", "12e6"),
        ("1e2", "100"),
        ("1e50", "100e48"),
        # What kube-apiserver takes for canonical, it keeps.
        ("1.500", "1.500"),
        ("1.000", "1"),
        ("1E3", "1E3"),
        ("+5", "+5"),
        ("01", "01"),
    ],
)
def test_the_form_that_is_stored(text: str, canonical: str) -> None:
    assert str(Quantity.parse(text)) == canonical


@pytest.mark.parametrize(
    ("left", "right", "total", "difference"),
    [
        ("1Gi", "1Mi", "1025Mi", "1023Mi"),
        ("1500m", "500m", "2", "1"),
        ("0", "1Ki", "1Ki", "-1Ki"),
        ("1k", "1Ki", "2024", "-24"),
        ("1Ki", "1m", "1024001m", "1023999m"),
        ("1e3", "1", "1001", "999"),
    ],
)
def test_sums(left: str, right: str, total: str, difference: str) -> None:
    one, other = Quantity.parse(left), Quantity.parse(right)

    assert str(one + other) == total
    assert str(one - other) == difference
    assert one - other == one + -other


def test_equal_amounts_are_equal_in_any_format() -> None:
    assert len({Quantity.parse(text) for text in ("1024", "1Ki", "1.024k", "1024e0")}) == 1
    assert Quantity.parse("1Ki") != "1Ki"
    assert not Quantity.parse("0Ki")


suffixes = st.sampled_from(
    ["n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "e3", "E-2", "e+7"]
)
FACTORS = {
    **{suffix: Fraction(10) ** exponent for suffix, exponent in zip("num", (-9, -6, -3), strict=True)},
    **{suffix: Fraction(10) ** (3 * index) for index, suffix in enumerate(["", *"kMGTPE"])},
    **{suffix: Fraction(1024) ** (index + 1) for index, suffix in enumerate(["Ki", "Mi", "Gi", "Ti"])},
    "e3": Fraction(1000),
    "E-2": Fraction(1, 100),
    "e+7": Fraction(10**7),
}
numbers = st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 3), suffixes)


def written(number: tuple[int, int, str]) -> tuple[str, Fraction]:
    digits, decimals, suffix = number
    sign, padded = "-" if digits < 0 else "", str(abs(digits)).rjust(decimals + 1, "0")
    text = f"{sign}{padded[: len(padded) - decimals]}.{padded[len(padded) - decimals :]}{suffix}"
    return text, Fraction(digits, 10**decimals) * FACTORS[suffix]


@given(numbers, numbers)
def test_order_is_that_of_exact_numbers(left: tuple[int, int, str], right: tuple[int, int, str]) -> None:
    (left_text, left_amount), (right_text, right_amount) = written(left), written(right)
    one, other = Quantity.parse(left_text), Quantity.parse(right_text)
    # What is finer than a billionth is rounded up, so only coarser numbers are ordered as they are.
    assume((left_amount / N).denominator == 1 and (right_amount / N).denominator == 1)

    assert one.nanos * N == left_amount
    assert (one < other, one <= other, one > other, one >= other, one == other) == (
        left_amount < right_amount,
        left_amount <= right_amount,
        left_amount > right_amount,
        left_amount >= right_amount,
        left_amount == right_amount,
    )


@given(numbers)
def test_rounding_is_up_and_by_less_than_a_billionth(number: tuple[int, int, str]) -> None:
    text, amount = written(number)

    assert 0 <= abs(Quantity.parse(text).nanos * N) - abs(amount) < N


@given(numbers)
def test_the_stored_form_is_read_back_as_the_same(number: tuple[int, int, str]) -> None:
    quantity = Quantity.parse(written(number)[0])
    again = Quantity.parse(str(quantity))

    assert again == quantity
    assert str(again) == str(quantity)


@given(st.text(alphabet="0123456789.+-eEinumkKMGTP a", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        quantity = Quantity.parse(text)
    except ValueError as error:
        refused = str(error)
    else:
        refused = FORMAT_WRONG
        assert Quantity.parse(str(quantity)) == quantity

    assert refused in (FORMAT_WRONG, SUFFIX_WRONG, NUMERIC_WRONG)
