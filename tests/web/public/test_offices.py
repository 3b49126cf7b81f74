from __future__ import annotations

from web.public.offices import phone


def test_number_is_written_as_its_country_writes_it() -> None:
    assert phone("+12022243121").shown == "(202) 224-3121"
    assert phone("+50325012999").shown == "+503 2501 2999"
    assert phone("+50325012999").href == "tel:+50325012999"
