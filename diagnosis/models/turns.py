"""Whose turn it is: start-time fair queueing by person, in the database, so that whatever queues an analysis gets one.

An analysis has its turn behind what is in the workers' hands, and behind its person's last that waits. So a person's
images stand one behind the other, and images of several people stand side by side: two thousand images of one doctor
are before another doctor's single one only by those that a worker has taken already.

What a worker gives back keeps its turn; what is queued anew (`queued_at` says so) gets another. Images behind a
restriction are left out of what their person waits for: they may stay for months. Nothing is locked: two uploads at
once can get the same turn, and the time decides.

Goyal, Vin, Cheng: Start-time Fair Queueing, SIGCOMM 1996; the first turn in the workers' hands is its virtual time.
"""

import pgtrigger

_QUEUED_ANEW = pgtrigger.UpdateOf("queued_at")  # type: ignore[no-untyped-call]  # pgtrigger has types, not for this
_GIVE = """
    NEW.turn = diagnosis_next_turn(NEW.model_version_id, NEW.priority, NEW.requested_by_id);
    RETURN NEW;
"""


def gives_turns() -> list[pgtrigger.Trigger]:
    """Before a row is queued, and before it is queued anew. Rows of one statement see those before them."""
    return [
        pgtrigger.Trigger(
            name="gives_a_turn",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            condition=pgtrigger.Q(new__state="queued"),
            func=_GIVE,
        ),
        pgtrigger.Trigger(
            name="gives_another_turn",
            when=pgtrigger.Before,
            operation=_QUEUED_ANEW,
            condition=pgtrigger.Q(new__state="queued"),
            func=_GIVE,
        ),
    ]
