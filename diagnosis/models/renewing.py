"""Triggers that keep a case's standing true: whatever its numbers rest on renews it, in the same transaction.

Each runs once a statement, over all rows of it, and takes the cases in the order of their ids, so that two statements
over the same cases wait instead of blocking one another.
"""

from collections.abc import Sequence

import pgtrigger

BY_IMAGE = "JOIN diagnosis_slideimage image ON image.id = new_rows.image_id"
BY_ANALYSIS = f"JOIN diagnosis_analysis analysis ON analysis.id = new_rows.analysis_id {BY_IMAGE}".replace(
    "new_rows.image_id", "analysis.image_id"
)

# pgtrigger has types, but not for this
_INSERTED = pgtrigger.Referencing(new="new_rows")  # type: ignore[no-untyped-call]
_UPDATED = pgtrigger.Referencing(old="old_rows", new="new_rows")  # type: ignore[no-untyped-call]


def renews_when_added(*, case: str = "image.case_id", way: str = BY_IMAGE) -> pgtrigger.Trigger:
    """After INSERT. `case` names the case's id, found from `new_rows` by the joins in `way`."""
    cases = f"SELECT DISTINCT {case} FROM new_rows {way}"  # noqa: S608  every part of it is written in this package
    return _renews(
        name="renews_standing_when_added",
        operation=pgtrigger.Insert,
        referencing=_INSERTED,
        cases=cases,
    )


def renews_when_changed(
    *columns: str, case: str = "image.case_id", way: str = BY_IMAGE, alike: Sequence[str] = ()
) -> pgtrigger.Trigger:
    """After UPDATE, for rows in which one of `columns` has another value; from one of `alike` to another is none."""
    tables = f"new_rows JOIN old_rows ON old_rows.id = new_rows.id {way}"
    changed = " OR ".join(_differs(column, alike) for column in columns)
    return _renews(
        name="renews_standing_when_changed",
        operation=pgtrigger.Update,
        referencing=_UPDATED,
        cases=f"SELECT DISTINCT {case} FROM {tables} WHERE {changed}",  # noqa: S608  as above
    )


def _differs(column: str, alike: Sequence[str]) -> str:
    differs = f"old_rows.{column} IS DISTINCT FROM new_rows.{column}"
    values = ", ".join(f"'{value}'" for value in alike)
    both = f"old_rows.{column} IN ({values}) AND new_rows.{column} IN ({values})"
    return f"({differs} AND NOT ({both}))" if alike else differs


def involves(*, name: str, doctor: str, case: str = "image.case_id", way: str = BY_IMAGE) -> pgtrigger.Trigger:
    """After INSERT, notes that the doctor has a hand in the case."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=_INSERTED,
        func=f"""
    INSERT INTO diagnosis_caseinvolvement (case_id, doctor_id)
    SELECT DISTINCT {case}, new_rows.{doctor} FROM new_rows {way} ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    RETURN NULL;
""",  # noqa: S608  every part of it is written in this package
    )


def _renews(
    *, name: str, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, cases: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        declare=[("renewed", "uuid")],
        func=f"""
    FOR renewed IN {cases} ORDER BY 1 LOOP
        PERFORM diagnosis_renew_standing(renewed);
    END LOOP;
    RETURN NULL;
""",
    )
