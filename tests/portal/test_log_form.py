"""The log form: what is typed, what is stored of it, questions before something odd, and undo of a whole save."""

import uuid
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from energy.models import EnergyEntry
from energy.services import set_local_unit
from lib.numbers import NumberError
from portal.amounts import read_amount
from production.models import ProductionEntry
from tests import make
from tests.cast import AsUser, Cast
from tests.portal.logged_site import NOW, YESTERDAY, day_start, log_days

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
SAVE = "7d0c1f0e-4f1e-4d2c-9a53-3c0f2b6f8f11"


class Phone:
    """A manager with the form of one factory open."""

    def __init__(self, browser: Client, factory: Any) -> None:
        self.browser, self.url = browser, f"/factories/{factory.pk}/log/"

    def send(self, save_id: str = SAVE, **fields: Any) -> Any:
        typed = {"save_id": save_id, "day": YESTERDAY.isoformat()}
        typed |= {name.replace("__", "-"): value for name, value in fields.items()}
        return self.browser.post(self.url, typed, follow=True)

    def undo(self, save_id: str = SAVE) -> Any:
        return self.browser.post(f"{self.url}{save_id}/undo/", follow=True)


@pytest.fixture
def phone(cast: Cast, as_user: AsUser) -> Phone:
    return Phone(as_user(cast.litein_manager), cast.litein)


def row(response: Any, name: str) -> Any:
    return next(found for found in response.context["log"].rows if found.name == name)


def kept() -> list[EnergyEntry]:
    return list(EnergyEntry.objects.filter(deleted_at=None).order_by("pk"))


# --- Amounts as people write them ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "unit", "amount"),
    [
        ("2,070", "kg", "2070"),
        ("5,306", "kWh", "5306"),  # as Month prints it
        ("2,070", "Litres", "2070"),
        ("2.070", "stere", "2070"),
        ("2,070", "Lorry", "2070"),
        ("2.070", "t", "2.07"),
        ("2.070", "MWh", "2.07"),
        ("12,4", "t", "12.4"),
        ("1,12,400", "t", "112400"),
        ("12.5", "kg", "12.5"),
        ("0,234", "kg", "0.234"),
        ("1,00,000", "kg", "100000"),
    ],
)
def test_the_unit_decides_what_three_digits_behind_a_separator_are(typed: str, unit: str, amount: str) -> None:
    assert read_amount(typed, unit) == Decimal(amount)


@pytest.mark.parametrize("unit", ["t", "tonnes", "MWh", "GJ"])
def test_a_comma_before_three_digits_is_asked_for_again_where_people_write_three_decimals(unit: str) -> None:
    with pytest.raises(NumberError, match=r"12,400 can be read two ways; write 12400 or 12\.4000"):
        read_amount("12,400", unit)


@pytest.mark.parametrize("typed", ["-5", "-0"])
def test_an_amount_below_nothing_is_asked_for_again(typed: str) -> None:
    with pytest.raises(NumberError, match="below 0; correct the entry"):
        read_amount(typed, "kg")


def test_nothing_and_a_word_cannot_both_be(phone: Phone) -> None:
    response = phone.send(firewood__nothing="yes", firewood__amount="some")

    assert "not a plain number" in row(response, "firewood").errors["amount"][0]
    assert kept() == []


# --- Saving ------------------------------------------------------------------------------------
def test_a_shift_is_stored_whole_and_answered_with_the_figure_of_its_day(phone: Phone) -> None:
    response = phone.send(
        firewood__amount="10",
        firewood__unit="stere",
        firewood__cost="12000,50",
        made_tea__amount="2,5",
        made_tea__unit="t",
        diesel__amount="40",
        diesel__unit="L",
    )

    wood, diesel = kept()
    assert (wood.amount, wood.cost, wood.currency, wood.moisture_is_default) == (10, Decimal("12000.50"), "KES", True)
    assert (wood.period_start, wood.period_end) == (day_start(YESTERDAY), day_start(YESTERDAY) + timedelta(days=1))
    assert (diesel.energy_type.code, diesel.amount) == ("diesel", 40)
    assert ProductionEntry.objects.get().amount_kg == 2500
    answer = response.context["answer"]
    assert answer.headline == "1.9 kg wood per kg tea on 21 Nov."
    assert answer.carbon == (
        "6.2 t CO2 from wood (biogenic, reported apart) and 0.11 t CO2e that counts. Diesel: 0.11 t CO2e that counts."
    )
    assert [found.amount for found in answer.rows] == ["10 m3 stacked", "40 L", "2.5 t"]
    assert answer.can_undo


def test_one_wrong_row_keeps_all_of_them_out_and_what_was_typed_in(phone: Phone) -> None:
    response = phone.send(
        firewood__amount="10", firewood__unit="furlong", made_tea__amount="1,2,3", diesel__amount="<b>4</b>"
    )

    assert (kept(), ProductionEntry.objects.count()) == ([], 0)
    assert "is not a plain number" in row(response, "made_tea").errors["amount"][0]
    assert row(response, "diesel").text == "<b>4</b>"
    page = response.content.decode()
    assert "&lt;b&gt;4&lt;/b&gt;" in page
    assert 'value="1,2,3"' in page
    assert 'aria-invalid="true"' in page


def test_an_error_of_the_service_is_beside_its_field(phone: Phone) -> None:
    response = phone.send(
        firewood__amount="10",
        firewood__moisture="90",
        electricity__amount="5",
        electricity__unit="furlong",
        diesel__amount="1000000000000",
    )

    assert "0.9 is outside 0 to 0.65" in row(response, "firewood").errors["moisture"][0]
    assert "unit='furlong' is unknown" in row(response, "electricity").errors["amount"][0]
    assert "outside 0 to 1,000,000,000,000 L" in row(response, "diesel").errors["amount"][0]
    assert kept() == []


def test_a_moisture_typed_as_a_fraction_is_not_taken_for_percent(phone: Phone) -> None:
    response = phone.send(firewood__amount="10", firewood__moisture="0.3")

    assert "write 30 for 30 %" in row(response, "firewood").errors["moisture"][0]
    assert kept() == []


def test_a_double_tap_and_a_retry_are_one_row(phone: Phone) -> None:
    first = phone.send(firewood__amount="10", made_tea__amount="2500")
    again = phone.send(firewood__amount="10.0", made_tea__amount="2500")

    assert len(kept()) == ProductionEntry.objects.count() == 1
    assert again.redirect_chain == first.redirect_chain
    assert again.context["answer"].headline == first.context["answer"].headline


def test_the_same_form_with_another_number_is_not_taken_for_the_same(phone: Phone) -> None:
    phone.send(firewood__amount="10")

    refused = phone.send(firewood__amount="12")

    assert "This form already saved Firewood burned" in refused.context["log"].errors[0]
    assert refused.context["log"].save_id != SAVE
    assert [entry.amount for entry in kept()] == [10]


def test_an_empty_form_and_days_that_cannot_be_are_named(phone: Phone) -> None:
    assert "Enter at least one amount" in phone.send().context["log"].errors[0]
    for day, words in (("2026-11-23", "is outside"), ("yesterday", "is not a date"), ("1989-12-31", "is outside")):
        response = phone.send(day=day, firewood__amount="10")
        assert words in response.context["log"].errors[0]
    assert kept() == []


def test_the_form_opens_for_the_day_just_ended_or_the_one_that_is_tapped(phone: Phone) -> None:
    usual = phone.browser.get(phone.url).context["log"]
    tapped = phone.browser.get(f"{phone.url}?day=2026-11-14").context["log"]

    assert (usual.day, usual.hours_label) == ("2026-11-21", "21 Nov 06:00 to 22 Nov 06:00")
    assert (tapped.day, tapped.latest_day) == ("2026-11-14", "2026-11-22")
    assert usual.save_id != tapped.save_id


def test_the_last_value_is_a_ghost_and_its_unit_is_chosen(cast: Cast, phone: Phone) -> None:
    set_local_unit(cast.litein, "firewood", "Lorry", amount=Decimal(12), unit="stere")
    make.make_energy_entry(cast.litein, amount=Decimal(2), unit="lorry")
    make.make_energy_entry(cast.litein, energy_type="diesel", amount=Decimal(55), unit="liters")

    shown = phone.browser.get(phone.url)

    wood, diesel = row(shown, "firewood"), row(shown, "diesel")
    assert (wood.facts.last.amount, wood.chosen_unit, wood.text) == ("2", "Lorry", "")
    assert [chip.label for chip in wood.facts.chips] == ["m3 stacked", "kg", "t", "Lorry = 12 m3 stacked"]
    assert (diesel.facts.last.amount, diesel.chosen_unit) == ("55", "L")
    phone.send(firewood__amount="1", firewood__unit="Lorry", answer="firewood:overlaps:both:1 Lorry used")
    assert kept()[-1].factor_amount == 12


def test_what_appears_while_typing_is_what_is_stored(phone: Phone) -> None:
    shown = phone.browser.get(phone.url)

    for name, unit, amount in (("firewood", "kg", 1234), ("electricity", "MWh", 5), ("diesel", "L", 70)):
        chip = next(chip for chip in row(shown, name).facts.chips if chip.value == unit)
        phone.send(str(uuid.uuid4()), **{f"{name}__amount": str(amount), f"{name}__unit": unit})
        entry = kept()[-1]
        assert entry.biogenic_co2_kg == round(amount * Decimal(chip.biogenic_kg), 6)
        assert entry.co2e_kg == round(amount * Decimal(chip.co2e_kg), 6)
        assert entry.energy_gj == round(amount * Decimal(chip.mj) / 1000, 6)


# --- Kinds -------------------------------------------------------------------------------------
def test_nothing_burned_and_nothing_made_are_zeros(phone: Phone) -> None:
    phone.send(firewood__nothing="yes", made_tea__nothing="yes")

    (wood,) = kept()
    assert (wood.amount, wood.co2e_kg, wood.kind) == (0, 0, "used")
    assert ProductionEntry.objects.get().amount_kg == 0


def test_nothing_and_a_number_cannot_both_be(phone: Phone) -> None:
    response = phone.send(firewood__nothing="yes", firewood__amount="4")

    assert "also marked as none" in row(response, "firewood").errors["amount"][0]


@pytest.mark.parametrize("kind", ["received", "stock_count"])
def test_wood_in_stock_emits_nothing(phone: Phone, kind: str) -> None:
    response = phone.send(firewood__amount="30", firewood__kind=kind)

    (entry,) = kept()
    assert (entry.kind, entry.co2e_kg, entry.period_start) == (kind, None, None)
    assert entry.timestamp == day_start(YESTERDAY) + timedelta(days=1)
    assert response.context["answer"].headline == "Saved. It counts when it is used."


def test_a_bill_fills_every_day_from_its_first_to_its_last(phone: Phone) -> None:
    bill = {"electricity__kind": "bill", "electricity__amount": "120000", "electricity__unit": "kWh"}

    phone.send(**bill, electricity__from="2026-10-01", electricity__to="2026-10-31")

    (entry,) = kept()
    assert (entry.period_start.isoformat(), entry.period_end.isoformat()) == (
        "2026-10-01T03:00:00+00:00",
        "2026-11-01T03:00:00+00:00",
    )
    for first, last, field in (
        ("", "2026-10-31", "from"),
        ("2026-10-31", "2026-10-01", "to"),
        ("2025-01-01", "2026-10-31", "to"),
        ("2026-11-01", "2026-12-31", "to"),
        ("x", "2026-10-31", "from"),
    ):
        refused = phone.send(str(uuid.uuid4()), **bill, electricity__from=first, electricity__to=last)
        assert list(row(refused, "electricity").errors) == [field]
    assert len(kept()) == 1


def test_two_readings_of_the_meter_are_what_was_used_between_them(phone: Phone) -> None:
    reading = {"electricity__kind": "meter_reading", "electricity__unit": "kWh"}
    phone.send(str(uuid.uuid4()), day="2026-11-20", **reading, electricity__amount="48210")
    shown = phone.browser.get(phone.url)
    phone.send(**reading, electricity__amount="53210")

    assert row(shown, "electricity").facts.last_meter.amount == "48210"
    (used,) = [entry for entry in kept() if entry.kind == "used"]
    assert (used.amount, used.period_start) == (5000, day_start(YESTERDAY))
    phone.undo()
    assert [entry.kind for entry in kept()] == ["meter_reading"]


def test_a_mine_logs_coal_diesel_electricity_and_explosives(cast: Cast, as_user: AsUser) -> None:
    mine = make.make_factory(organisation=cast.organisation, sector="coal_mine", country="IN", time_zone="Asia/Kolkata")
    phone = Phone(as_user(cast.hq), mine)

    shown = phone.browser.get(phone.url)
    phone.send(coal__amount="5200", coal__unit="t", explosives__amount="900", explosives__unit="kg")

    usual = [found.name for found in shown.context["log"].rows if not found.spec.is_rare]
    assert usual == ["coal", "diesel", "electricity", "explosives"]
    assert ProductionEntry.objects.get().amount_kg == 5_200_000
    assert kept()[0].energy_type.code == "explosive_anfo"


# --- Questions ---------------------------------------------------------------------------------
def test_a_refrigerant_is_topped_up_in_the_form(phone: Phone) -> None:
    assert b"<summary>Refrigerants</summary>" in phone.browser.get(phone.url).content

    phone.send(r404a__amount="2.5", r404a__unit="kg")

    (entry,) = kept()
    # R-404A by AR6: 0.44 x 3,740 + 0.52 x 5,810 + 0.04 x 1,530 = 4,728 kg CO2e a kg.
    assert (entry.energy_type.code, entry.co2e_kg, entry.scope) == ("r404a", Decimal("11820"), 1)


def test_three_times_the_usual_is_asked_and_then_kept(cast: Cast, phone: Phone) -> None:
    log_days(cast.litein, cast.hq, [YESTERDAY - timedelta(days=back) for back in range(1, 10)])
    before = len(kept())

    asked = phone.send(firewood__amount="240", firewood__unit="stere")
    question = row(asked, "firewood").question
    meant, keep, change = (value for value, _label, _is_plain in row(asked, "firewood").answers)
    assert question.sentence == "This is more than three times your usual amount. Is it correct?"
    assert question.detail == (
        "240 m3 stacked a day; three times your usual maximum of the last 28 days is 135. Did you mean 24 m3 stacked?"
    )
    assert len(kept()) == before

    changed = phone.send(firewood__amount="240", firewood__unit="stere", answer=change)
    assert row(changed, "firewood").question is None
    other = phone.send(firewood__amount="250", firewood__unit="stere", answer=keep)
    assert row(other, "firewood").question is not None, "another number is another question"
    assert len(kept()) == before

    saved = phone.send(firewood__amount="240", firewood__unit="stere", answer=keep)
    assert saved.context["answer"].rows[0].amount == "240 m3 stacked"
    assert kept()[-1].amount == 240
    phone.undo()
    phone.send(str(uuid.uuid4()), firewood__amount="240", firewood__unit="stere", answer=meant)
    assert kept()[-1].amount == 24


def test_someone_elses_entry_of_the_day_is_a_choice(cast: Cast, as_user: AsUser) -> None:
    theirs = make.make_energy_entry(cast.litein, user=cast.hq, amount=Decimal(22), timestamp=day_start(YESTERDAY))
    phone = Phone(as_user(cast.litein_manager), cast.litein)

    asked = phone.send(firewood__amount="24", firewood__unit="stere")

    found = row(asked, "firewood")
    assert found.question.sentence == (
        "Another person logged Firewood burned for 21 Nov: 22 m3 stacked. Yours: 24 m3 stacked. Which one is correct?"
    )
    assert [label for _value, label, _is_plain in found.answers] == [
        "Keep 22 m3 stacked",
        "Keep 24 m3 stacked",
        "Keep both: they add up",
    ]
    assert kept() == [theirs]

    keep_theirs, keep_mine, keep_both = (value for value, _label, _is_plain in found.answers)
    left = phone.send(firewood__amount="24", firewood__unit="stere", answer=keep_theirs)
    assert left.redirect_chain[-1][0] == f"/factories/{cast.litein.pk}/month/2026-11/?day=2026-11-21#entries"
    assert kept() == [theirs]

    phone.send(firewood__amount="24", firewood__unit="stere", answer=keep_mine)
    assert [entry.amount for entry in kept()] == [24]
    phone.undo()
    assert kept() == [theirs], "undo brings back what the save replaced"

    both = str(uuid.uuid4())
    phone.send(both, firewood__amount="24", firewood__unit="stere", answer=keep_both)
    assert [entry.amount for entry in kept()] == [22, 24]


def test_ones_own_entry_of_the_day_is_said_to_be_ones_own(phone: Phone) -> None:
    phone.send(made_tea__amount="2500")

    asked = phone.send(str(uuid.uuid4()), made_tea__amount="900")

    assert "You already logged Made tea for 21 Nov: 2500 kg. Now: 900 kg." in asked.content.decode()
    assert ProductionEntry.objects.count() == 1


def test_an_entry_of_another_factory_is_never_replaced(cast: Cast, as_user: AsUser) -> None:
    elsewhere = make.make_energy_entry(cast.momul, amount=Decimal(22), timestamp=day_start(YESTERDAY))
    make.make_energy_entry(cast.litein, user=cast.hq, amount=Decimal(20), timestamp=day_start(YESTERDAY))
    phone = Phone(as_user(cast.litein_manager), cast.litein)

    answer = f"firewood:overlaps:mine@{elsewhere.pk}:24 stere used"
    asked = phone.send(firewood__amount="24", firewood__unit="stere", answer=answer)

    elsewhere.refresh_from_db()
    assert elsewhere.deleted_at is None
    assert row(asked, "firewood").question is not None


# --- Undo and the answer -------------------------------------------------------------------------
def test_undo_takes_back_every_row_and_twice_is_once(phone: Phone) -> None:
    phone.send(firewood__amount="10", made_tea__amount="2500")

    undone = phone.undo()
    again = phone.undo()

    assert "Undone." in undone.content.decode()
    assert again.status_code == 200
    assert kept() == []
    assert ProductionEntry.objects.get().deleted_at is not None
    assert phone.browser.get(f"{phone.url}{SAVE}/").context["answer"].is_undone


def test_undo_ends_after_ten_minutes_and_only_the_author_may_undo(
    cast: Cast, as_user: AsUser, phone: Phone, clock: SimpleNamespace
) -> None:
    phone.send(firewood__amount="10")

    by_other = Phone(as_user(cast.hq), cast.litein).undo()
    clock.now = NOW + timedelta(minutes=10, seconds=1)
    too_late = phone.undo()

    for response in (by_other, too_late):
        assert "correct the entry with a reason" in response.content.decode()
        assert not response.context["answer"].can_undo
    assert len(kept()) == 1


def test_a_save_that_never_was_and_one_of_another_factory_are_not_there(
    cast: Cast, as_user: AsUser, phone: Phone
) -> None:
    phone.send(firewood__amount="10")

    assert phone.browser.get(f"{phone.url}{uuid.uuid4()}/").status_code == 404
    assert phone.undo(str(uuid.uuid4())).status_code == 404
    other = Phone(as_user(cast.hq), cast.momul)
    assert other.browser.get(f"{other.url}{SAVE}/").status_code == 404
    assert other.undo().status_code == 404


@pytest.mark.parametrize("is_demo", [True, False])
def test_what_goes_to_whatsapp_is_one_line_and_says_when_it_is_simulated(
    phone: Phone, settings: Any, is_demo: bool
) -> None:
    settings.DEMO = is_demo

    response = phone.send(firewood__amount="10", made_tea__amount="2500")

    url = response.context["answer"].whatsapp_url
    line = unquote(url.removeprefix("https://wa.me/?text="))
    assert ("SIMULATED DATA" in line) is is_demo
    assert "Litein Tea Factory: 1.9 kg wood per kg tea on 21 Nov." in line
    assert "\n" not in line


def test_the_answer_says_what_is_to_be_looked_at_again(phone: Phone) -> None:
    response = phone.send(firewood__amount="10", made_tea__amount="500")

    (wood, _tea) = response.context["answer"].rows
    assert "9.64 kg per kg of made tea is outside the usual 1.0 to 4.0" in wood.look_again[0]
