"""Numbers and texts as French prints them: decimal commas, units and signs that no line parts."""

import pytest

from geoapp.core.french import format_decimal, format_euros, format_number, with_unit


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [(20.0, None, "20"), (7.5, None, "7,5"), (7.46, 1, "7,5"), (7, 1, "7,0"), (-0.25, 2, "-0,25")],
)
def test_decimals_have_a_comma(value, decimals, said):
    assert format_decimal(value, decimals) == said


def test_a_number_is_never_parted_from_its_thousands_nor_its_unit():
    assert format_number(1234567) == "1\u202f234\u202f567"
    assert format_euros(6621.5) == "6\u202f621,50\u202f€" and format_euros(900) == "900\u202f€"
    assert (
        with_unit(format_decimal(6.94, 1), "%") == "6,9\u202f%"
        and with_unit(3, "km") == "3\u202fkm"
    )
