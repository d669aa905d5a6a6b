"""Rows that are written once and stay as long as the patient's record."""

import pgtrigger


def written_once() -> pgtrigger.Trigger:
    """Refuses every UPDATE."""
    return pgtrigger.Protect(name="written_once", operation=pgtrigger.Update)


def goes_with_the_record_alone(*, way_to_the_case: str) -> pgtrigger.Trigger:
    """Refuses every DELETE but the one in the erasure of the patient's record.

    `way_to_the_case` is what follows FROM in a query that finds the deleted row's `diagnosis_case` by `OLD`.
    """
    func = f"""
    IF NOT EXISTS (
        SELECT FROM {way_to_the_case.format(erased=ERASED)}
    ) THEN
        RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;
    END IF;
    RETURN OLD;
"""  # noqa: S608  every part of it is written in this package
    return pgtrigger.Trigger(
        name="goes_with_the_record_alone", when=pgtrigger.Before, operation=pgtrigger.Delete, func=func
    )


ERASED = """JOIN clinic_erasure ON clinic_erasure.patient_id = diagnosis_case.patient_id
        WHERE clinic_erasure.state = 'carried_out'"""

BY_IMAGE = """diagnosis_slideimage
        JOIN diagnosis_case ON diagnosis_case.id = diagnosis_slideimage.case_id
        {erased} AND diagnosis_slideimage.id = OLD.image_id"""

BY_CASE = """diagnosis_case
        {erased} AND diagnosis_case.id = OLD.case_id"""

BY_ANALYSIS = """diagnosis_analysis
        JOIN diagnosis_slideimage ON diagnosis_slideimage.id = diagnosis_analysis.image_id
        JOIN diagnosis_case ON diagnosis_case.id = diagnosis_slideimage.case_id
        {erased} AND diagnosis_analysis.id = OLD.analysis_id"""


def by_a_person(*, column: str) -> pgtrigger.Trigger:
    """Refuses rows of a program: what a doctor says is said by no machine. `column` holds who wrote the row."""
    func = f"""
    IF EXISTS (SELECT FROM clinic_user WHERE id = NEW.{column} AND role = 'program') THEN
        RAISE EXCEPTION 'pgtrigger: Only people write rows of % table', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
"""
    return pgtrigger.Trigger(name="by_a_person", when=pgtrigger.Before, operation=pgtrigger.Insert, func=func)
