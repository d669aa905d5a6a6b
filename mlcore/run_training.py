"""A training run as a person sees it: progress, the bundle with its card, the learning curve, and Ctrl-C."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mlcore.building import build_bundle, images_to_show
from mlcore.catalogue import Shape
from mlcore.datasets import Dataset
from mlcore.learning_curve import draw_learning_curves, write_histories
from mlcore.manifest import Manifest
from mlcore.plans import TrainingPlan
from mlcore.progress import counting
from mlcore.requests import Request
from mlcore.splits import Round, Split, rounds
from mlcore.training import Epoch, Fitted, Trainer, best_epoch

_STOPPED = 130  # what a shell gives a command ended by Ctrl-C


def run_training(
    *, console: Console, request: Request, plan: TrainingPlan, dataset: Dataset, split: Split, out: Path
) -> int:
    """Train, then write bundle (`out`), card (.md), learning curve (.history.csv, .learning-curve.png); exit status.

    The state of each network after each epoch is kept beside the bundle (.state); a run goes on from it when it is
    there. The first Ctrl-C ends training and keeps the best so far, the second ends at once.
    """
    members = rounds(split, members=plan.members, seed=request.seed)
    fitted = _fit_all(console, plan, request, members, out)
    if not fitted:
        _say(console, "Stopped before the first epoch was over: nothing was written.")
        return _STOPPED
    try:
        curve = _write_curve(fitted, out)
        finished = tuple(zip(fitted, members, strict=False))  # fewer than planned when someone stopped it
        _say(console, "Calibrating and measuring on the test groups")
        total = images_to_show(finished, split.test)
        with counting(console, "Calibrating and measuring", total=total, unit="images") as counter:
            manifest = build_bundle(
                request=request,
                plan=plan,
                members=finished,
                dataset=dataset,
                test=split.test,
                out=out,
                advance=counter.advance,
            )
    except KeyboardInterrupt:
        state = state_path(out, 1, plan.members)
        _say(console, f"Ended at once: no model was written. To go on from {state}, add --resume to the same command.")
        return _STOPPED
    _summarise(console, manifest, [out, out.with_suffix(".md"), *curve])
    return 0


def state_path(out: Path, number: int, members: int) -> Path:
    """Where the state of a network is kept while it learns; the first network is number 1."""
    return out.with_suffix(".state" if members == 1 else f".{number}.state")


def _fit_all(
    console: Console, plan: TrainingPlan, request: Request, members: Sequence[Round], out: Path
) -> list[Fitted]:
    """The networks that learned for an epoch at least, all of them unless someone pressed Ctrl-C."""
    fitted: list[Fitted] = []
    for number, member in enumerate(members, start=1):
        title = "Training" if len(members) == 1 else f"Training network {number} of {len(members)}"
        shape = Shape(plan.recipe.input_size, len(request.assay.classes))
        state = state_path(out, number, len(members))
        trainer = Trainer(plan, shape, epochs=plan.epochs, seed=request.seed + number - 1, state=state)
        try:
            fitted.append(_fit(console, trainer, plan, member, title))
        except KeyboardInterrupt:
            break
        if fitted[-1].interrupted:
            break
    return fitted


def _fit(console: Console, trainer: Trainer, plan: TrainingPlan, member: Round, title: str) -> Fitted:
    batches = -(-len(member.train) // plan.batch)
    seen: list[Epoch] = []
    with counting(console, title, total=batches * plan.epochs, unit="batches") as counter:

        def report(epoch: Epoch) -> None:
            counter.skip_to(epoch.number * batches)
            seen.append(epoch)
            from_the_start = seen[0].number == 1  # a run that goes on does not see the epochs before
            best = " (best so far)" if from_the_start and best_epoch(seen) is epoch else ""
            _say(
                console,
                f"{title}: epoch {epoch.number} of {plan.epochs}: loss {epoch.loss:.3f}, validation loss "
                f"{epoch.validation_loss:.3f}, balanced accuracy {epoch.validation_balanced_accuracy:.3f}{best}",
            )

        fitted = trainer.fit(member.train, member.validation, advance=counter.advance, report=report)
    if fitted.interrupted:
        last, best = fitted.history[-1].number, best_epoch(fitted.history).number
        _say(console, f"Stopped after epoch {last}; epoch {best}, the best so far, is kept. Ctrl-C again ends at once.")
    return fitted


def _write_curve(fitted: Sequence[Fitted], out: Path) -> list[Path]:
    table, picture = out.with_suffix(".history.csv"), out.with_suffix(".learning-curve.png")
    histories = [each.history for each in fitted]
    write_histories(histories, table)
    draw_learning_curves(histories, picture)
    return [table, picture]


def _summarise(console: Console, manifest: Manifest, written: list[Path]) -> None:
    metrics = manifest.metrics
    shift = metrics["colour_shift"]
    _say(
        console,
        f"On {metrics['n']} test images: accuracy {metrics['accuracy']:.3f}, balanced "
        f"{metrics['balanced_accuracy']:.3f}, AUROC {metrics['auroc']:.3f}; colour alone reaches "
        f"{metrics['colour_reference']['accuracy']:.3f}; with colours changed by up to "
        f"{', '.join(f'{gain} %: {value:.3f}' for gain, value in shift.items())}",
    )
    _say(console, f"Written: {', '.join(map(str, written))}")


def _say(console: Console, sentence: str) -> None:
    """One line, however narrow the terminal; nothing in it is markup."""
    console.print(sentence, soft_wrap=True, markup=False, highlight=False)
