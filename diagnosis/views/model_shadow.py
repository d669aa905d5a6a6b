"""How a model in the shadow does beside the active one: for administrators, in numbers alone."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.views.requests import SignedInRequest, administrators_only
from diagnosis.models import ModelVersion, ShadowState, Verdict
from diagnosis.selectors.models import active_model
from diagnosis.selectors.shadow_comparison import Comparison, compare


@never_cache
@require_safe
@administrators_only
def model_shadow(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Agreement, changed verdicts, counts by class, and the difference against signed readings."""
    model = get_object_or_404(ModelVersion, pk=pk)
    active = active_model(model.assay)
    comparison = compare(shadow=model, active=active) if active and active != model else None
    context = {
        "model": model,
        "active": active,
        "comparison": comparison,
        "rows": _rows(comparison) if comparison else (),
        "results": [_words(result) for result in comparison.results] if comparison else (),
        "verdicts": [
            (Verdict(one).label, Verdict(other).label, count)
            for one, other, count in (comparison.changed_verdicts if comparison else ())
        ],
        "waiting": model.shadow_analyses.filter(state=ShadowState.QUEUED).count(),
        "failed": model.shadow_analyses.filter(state=ShadowState.FAILED).count(),
    }
    return render(request, "diagnosis/model_shadow.html", context)


def _rows(comparison: Comparison) -> list[tuple[str, list[tuple[int, bool]]]]:
    return [
        (_words(one), [(comparison.by_result.get((one, other), 0), one == other) for other in comparison.results])
        for one in comparison.results
    ]


def _words(result: str) -> str:
    return str(Verdict.OUT_OF_SCOPE.label) if result == Verdict.OUT_OF_SCOPE else result
