"""The API against its own document: whatever it allows, and much that it does not, is answered as it says."""

from __future__ import annotations

import time
from collections import Counter

import pytest
import schemathesis
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from apps.api import tokens
from apps.api.models import Alcance
from apps.stock.models import Ejecucion, Vehiculo
from apps.stock.runs import jobs
from apps.stock.runs.generation import Order, start
from flotia.request import Request

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # a stream of events is one answer under WSGI, by which these requests are made
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators:Warning"),
]
#: Seconds that an operation is asked, and requests made to it at most and at least.
_PATIENCE, _MOST, _LEAST = 2.0, 60, 10
#: Operations that refuse what no schema can: crossed limits, cursors of nobody's, seven words, brands that do not exist,
#: changes that a run has no use for.
_KNOWS_BETTER = ("listar_vehiculos", "exportar_vehiculos", "crear_ejecucion", "reanudar_ejecucion")


@pytest.fixture
def document(settings):
    settings.FLOTIA_API_CREACIONES = 10_000
    cache.clear()
    start(Request(amount=40, seed=7, use_ai=False), Order(), lambda _: None, lambda _: None)
    return schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())


@pytest.fixture
def headers():
    return {"Authorization": f"Bearer {tokens.issue('schemathesis', list(Alcance))[1]}"}


def operations(document):
    """What looks comes first: a run that is never taken up by a worker would be watched without an end."""
    found = [result.ok() for result in document.get_all_operations()]
    return sorted(found, key=lambda operation: operation.method != "get")


def governed():
    """A run that is told something: one in the queue, made anew when that is over."""
    run = Ejecucion.objects.exclude(estado__in=["publicada", "cancelada"]).first()
    return run or jobs.enqueue(Request(amount=5, use_ai=True), Order())


def aimed(case, method):
    """The case at something that exists."""
    known = governed() if method == "post" else Ejecucion.objects.filter(estado="publicada").first()
    existing = {"ejecucion": known.pk, "bastidor": Vehiculo.objects.values_list("pk", flat=True).first()}
    case.path_parameters = {name: existing.get(name, value) for name, value in (case.path_parameters or {}).items()}
    return case


def answers_of(operation, mode, headers):
    """How often each status was answered, all of them as the document says."""
    name = operation.definition.raw["operationId"]
    passed_over = [positive_data_acceptance] if name in _KNOWS_BETTER else []
    end, answers = time.monotonic() + _PATIENCE, Counter()

    @settings(
        max_examples=_MOST, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        if time.monotonic() < end or answers.total() < _LEAST:
            case = aimed(case, operation.method) if mode is GenerationMode.POSITIVE and answers.total() % 2 else case
            answers[case.call_and_validate(headers=headers, excluded_checks=passed_over).status_code] += 1

    ask()
    return answers


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_document_names(document, headers, mode):
    every = operations(document)
    faults = []
    for operation in every:
        answers = answers_of(operation, mode, headers)
        assert answers, f"{operation.label} was never asked"
        if mode is GenerationMode.POSITIVE and not any(status < 300 for status in answers):
            faults.append(f"{operation.label} was never answered as asked: {answers}")
    assert not faults
