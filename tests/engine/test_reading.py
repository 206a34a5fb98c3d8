"""From text to rows."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from flotia.dialogue.reading import read

ROWS = [
    {
        "id": n,
        "version": f'1.0 TSI "{n}" {{x}}',
        "descripcion": "Dice: «sí, [claro]», \\ y } más",
        "equipamiento": ["A", "B"],
    }
    for n in range(10)
]
TEXT = json.dumps({"vehiculos": ROWS}, ensure_ascii=False)


def test_clean_json_is_read_whole():
    reading = read(TEXT)
    assert (list(reading.rows), reading.clean) == (ROWS, True)


def test_every_cut_keeps_exactly_the_rows_that_were_closed():
    ends = []
    for row in ROWS:
        text = json.dumps(row, ensure_ascii=False)
        ends.append(TEXT.index(text) + len(text))
    for cut in range(len(TEXT)):
        assert list(read(TEXT[:cut]).rows) == ROWS[: sum(end <= cut for end in ends)], cut


def test_fences_prose_thoughts_and_other_shapes_are_read():
    lines = "\n".join(json.dumps(r) for r in ROWS)
    by_id = {str(r["id"]): {k: v for k, v in r.items() if k != "id"} for r in ROWS}
    assert list(read(f"```json\n{TEXT}\n```").rows) == ROWS
    assert list(read(f"¡Claro! Aquí tiene:\n{TEXT}\n¿Algo más?").rows) == ROWS
    assert list(read(f'<think>{{"id": 99, "version": "no"}}</think>{TEXT}').rows) == ROWS
    assert list(read(json.dumps(ROWS)).rows) == ROWS
    assert list(read(lines).rows) == ROWS
    assert [r["id"] for r in read(json.dumps(by_id)).rows] == [str(n) for n in range(10)]
    assert list(read(json.dumps(ROWS[0])).rows) == ROWS[:1]


def test_a_row_with_broken_quotes_costs_only_itself():
    parts = [json.dumps(r, ensure_ascii=False) for r in ROWS]
    parts[3] = parts[3].replace('"', "", 3)
    assert list(read('{"vehiculos":[' + ",".join(parts) + "]}").rows) == ROWS[:3] + ROWS[4:]


@settings(max_examples=300)
@given(st.text() | st.text(alphabet='{}[]":,\\ aid1'))
@example('{"a":' * 50_000)
@example('{"id":[' * 30_000)
@example("[" * 100_000)
@example('{"id": NaN, "version": Infinity}')
@example('{"id": 1e999}')
def test_no_text_makes_it_raise(text):
    for row in read(text).rows:
        assert isinstance(row, dict)
