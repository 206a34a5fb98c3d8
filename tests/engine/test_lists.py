"""The compact wording: lists out of whatever a model made of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flotia.dialogue.lists import COLUMNS, ListDialogue
from flotia.planner import Planner
from flotia.request import Request
from flotia.synth.assemble import Assembler
from flotia.synth.facts import FactsDrawer
from tests.conftest import TODAY

LISTS = [
    [n, f'1.0 TSI "{n}" [x]', "M" if n % 2 else "A", 999, 95, 40_000 + n, 11_900, "Blanco", ["Isofix", "ABS [2]"],
     'Dice: «sí, [claro, "1]», \\ y ] más']
    for n in range(10)
]  # fmt: skip
ROWS = [{**dict(zip(COLUMNS, v, strict=True)), "transmision": "Manual" if v[2] == "M" else "Automática"} for v in LISTS]
TEXT = json.dumps({"v": LISTS}, ensure_ascii=False, separators=(",", ":"))


def read(text):
    return ListDialogue().read(text)


def rows(text):
    return list(read(text).rows)


def dumped(value):
    return json.dumps(value, ensure_ascii=False)


def test_a_clean_answer_is_read_whole():
    assert (rows(TEXT), read(TEXT).clean) == (ROWS, True)


@pytest.mark.parametrize("text", [
    f"```json\n{TEXT}\n```", f"¡Claro! Aquí tiene las fichas [1]:\n{TEXT}\n¿Algo más?", dumped(LISTS), dumped({"datos": {"v": LISTS}}),
    "\n".join(map(dumped, LISTS)), ",\n".join(map(dumped, LISTS)), f"{TEXT}\n\n{{", json.dumps({"v": LISTS}, indent=2),
    f'<think>[1,"Base","M",1,2,3,4] no, mejor…</think>{TEXT}', f"<thinking>{TEXT[:300]}</thinking>\n```\n{TEXT}```",
    json.dumps({"nota": "diez fichas", "vacío": [], "v": LISTS}),
], ids=["fenced", "prose", "bare", "nested", "lines", "lines with commas", "trailing", "indented", "thinking", "draft", "first"])  # fmt: skip
def test_whatever_is_around_the_lists_they_are_read(text):
    assert rows(text) == ROWS


def test_every_cut_keeps_exactly_the_lists_that_were_closed():
    ends = []
    for values in LISTS:
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        ends.append(TEXT.index(text) + len(text))
    for cut in range(len(TEXT)):
        assert rows(TEXT[:cut]) == ROWS[: sum(end <= cut for end in ends)], cut


def test_a_list_with_broken_quotes_costs_only_itself():
    parts = [dumped(v) for v in LISTS]
    parts[3] = parts[3].replace('"', "", 3)
    assert rows('{"v":[' + ",".join(parts) + "]}") == ROWS[:3] + ROWS[4:]


def test_a_model_that_cannot_be_talked_out_of_objects_is_read_all_the_same():
    assert rows(dumped({"v": ROWS})) == ROWS
    assert rows("```json\n" + dumped({"vehiculos": ROWS})[:-40]) == ROWS[:-1]


def test_a_list_that_is_too_short_is_no_vehicle_and_one_that_is_too_long_loses_its_end():
    too_short, short, long = LISTS[0][:5], LISTS[1][:6], [*LISTS[2], "y más"]
    first, second = rows(dumped({"v": [too_short, short, long]}))
    assert first == {k: ROWS[1][k] for k in COLUMNS[:6]}
    assert second == ROWS[2]


@pytest.mark.parametrize(("said", "meant"), [
    ("M", "Manual"), ("a", "Automática"), (" m ", "Manual"), ("Manual", "Manual"), ("CVT", "CVT"), (None, None), (["M"], ["M"]),
])  # fmt: skip
def test_gearboxes_are_letters_or_what_else_the_model_said(said, meant):
    [row] = rows(dumped({"v": [[1, "1.0", said, 999, 95, 100, 9000]]}))
    assert row["transmision"] == meant


@pytest.mark.parametrize("text", [
    "", "   ", "null", "[]", "{}", "7", '"v"', '{"v":[]}', '{"v":{}}', '{"v":[[]]}', '{"v":[[1,2]]}', '{"v":[[[1],2,3,4,5,6]]}',
    '{"v":[[1.5,2,3,4,5,6]]}', "[1,2,3,4,5,6", "Lo siento, no puedo.", "<think>" + TEXT,
])  # fmt: skip
def test_where_there_is_no_vehicle_none_is_read(text):
    assert rows(text) == []


@settings(max_examples=300)
@given(st.text() | st.text(alphabet='{}[]":,\\ v1M'))
@example("[1," * 60_000)
@example("[" * 100_000)
@example('{"v":' * 50_000)
@example('{"v":[[1,NaN,Infinity,-Infinity,1e999,6,7]]}')
@example("[" + ",".join(["[1,2,3,4,5,6]"] * 40_000) + "]")
@example('[1,"' + "x" * 300_000)
@example("9" * 100_000)
@example("[" + "9" * 5_000 + ",2,3,4,5,6]")
@example("[1,2,3,4,5," + "9" * 5_000 + "]")
def test_no_text_makes_it_raise_or_find_more_than_it_may(text):
    found = read(text).rows
    assert len(found) <= 500
    assert all(isinstance(row, dict) for row in found)


def test_duplicates_are_handed_on_for_the_judge_to_refuse():
    assert rows(dumped({"v": [LISTS[0], LISTS[0]]})) == [ROWS[0], ROWS[0]]


def test_the_question_has_a_line_a_slot_and_names_every_column(catalogue):
    request = Request(amount=12, seed=3, today=TODAY)
    drawer = FactsDrawer(catalogue, seed=3, today=TODAY)
    slots = list(Planner(request, drawer, Assembler(catalogue, drawer, seed=3, today=TODAY)).slots())
    dialogue = ListDialogue()
    system, user = dialogue.messages(slots)
    assert "JSON" in system
    assert "exactamente 12 listas" in user
    for slot in slots:
        line = next(x for x in user.splitlines() if x.startswith(f"{slot.index}; "))
        assert slot.facts.variant.model.nombre in line
        assert slot.facts.version not in line
    form = next(x for x in user.splitlines() if x.startswith("[id,"))
    assert form.count(",") == len(COLUMNS) - 1
    assert dialogue.schema(slots)["required"] == ["v"]
