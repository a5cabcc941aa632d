"""What Python reads as a number but no person does: `1_000` is not 1000, and `1e-400` is not 0."""

import pytest

from energy.models import EnergyEntry, LocalUnit
from lib.numbers import NumberError, parse_number, vanishes
from mqtt_ingest.parse import parse
from tests import make
from tests.cast import AsUser, Cast

UNIT = {"energy_type": "firewood", "name": "lorry", "amount": "12", "unit": "stere"}
TINY = "0." + 400 * "0" + "1"


@pytest.mark.parametrize("text", ["1e-400", "-1E-999999999999999999999", TINY, "5e-325"])
def test_a_number_that_a_float_would_take_for_zero_is_seen(text: str) -> None:
    assert vanishes(text)
    assert float(text) == 0


@pytest.mark.parametrize("text", ["0", "0.000", "-0e5", "0e-999", "5e-324", "1e-300", "12.5", "nan", "x", "", "1,5"])
def test_zero_and_small_numbers_stay(text: str) -> None:
    assert not vanishes(text)


@pytest.mark.parametrize("text", ["1_000", "1e-400", "1e3", "_1"])
def test_a_person_writes_neither(text: str) -> None:
    with pytest.raises(NumberError):
        parse_number(text)


@pytest.mark.django_db
@pytest.mark.parametrize("amount", ["1_000", "1e-400", "1_2.5"])
def test_an_amount_is_refused_beside_its_field(cast: Cast, as_user: AsUser, amount: str) -> None:
    body = UNIT | {"factory": cast.litein.pk, "amount": amount}

    answer = as_user(cast.hq).post("/api/local-units/", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["fields"]["amount"][0]["code"] == "invalid_number"
    assert not LocalUnit.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["1e-400", "1e400", TINY])
def test_a_json_number_that_no_float_holds_is_refused(cast: Cast, as_user: AsUser, number: str) -> None:
    body = f'{{"factory": {cast.litein.pk}, "energy_type": "firewood", "amount": {number}, "unit": "stere"}}'

    answer = as_user(cast.hq).post("/api/energy-entries/", body, content_type="application/json")

    assert answer.status_code == 400
    assert not EnergyEntry.objects.exists()


@pytest.mark.django_db
def test_an_id_with_an_underscore_is_no_other_id(cast: Cast, as_user: AsUser) -> None:
    make.make_factory(id=1_000, organisation=cast.organisation)
    hq = as_user(cast.hq)
    token = {"name": "scada", "factory": "1_000", "days": "9_0"}

    answers = [
        hq.get("/api/energy-entries/?factory=1_000"),
        hq.get("/api/members/?factory=1_000"),
        hq.get("/api/emissions/?factory=1_000"),
        hq.get("/api/factories/?page=1_0"),
        hq.post("/api/tokens/", token, content_type="application/json"),
    ]

    assert [answer.status_code for answer in answers] == [400] * 5
    assert hq.get("/api/factories/1_000/").status_code == 404
    assert set(answers[4].json()["fields"]) == {"factory", "days"}


# --- MQTT ------------------------------------------------------------------------------------------
def message(co2_ppm: str) -> bytes:
    reading = '{"seq":%d,"t":1795262405000,"co2_ppm":%s,"temperature_c":181.5,"velocity_ms":3.21}'
    return (
        f'{{"v":1,"stream":7,"interval_s":5,"readings":[{reading % (1, co2_ppm)},{reading % (2, "93250.0")}]}}'.encode()
    )


def test_a_reading_whose_number_vanishes_is_refused_alone() -> None:
    parsed = parse("carbontrack/v1/litein-1/readings", message("1e-400"), 1795262406000)

    assert [reading.seq for reading in parsed.readings] == [2]
    assert [(one.seq, one.reason, one.detail) for one in parsed.rejections] == [
        (1, "not_json", "co2_ppm=1e-400 is too small for a float: send null, with the sensor's fault flag")
    ]


@pytest.mark.parametrize("co2_ppm", [TINY, "0." + 230 * "0" + "1e-99"])
def test_a_number_that_vanishes_behind_zeros_is_refused_alone(co2_ppm: str) -> None:
    parsed = parse("carbontrack/v1/litein-1/readings", message(co2_ppm), 1795262406000)

    assert [reading.seq for reading in parsed.readings] == [2]
    assert [(one.seq, one.reason) for one in parsed.rejections] == [(1, "not_json")]


@pytest.mark.parametrize("co2_ppm", ["1e-300", "0", "0.0", "93250e-000"])
def test_a_small_number_is_kept(co2_ppm: str) -> None:
    parsed = parse("carbontrack/v1/litein-1/readings", message(co2_ppm), 1795262406000)

    assert [reading.co2_ppm for reading in parsed.readings] == [float(co2_ppm), 93250.0]
