"""What can go wrong in a way that the person at the terminal can mend."""


class Problem(Exception):
    """Shown as it is, without a traceback: one sentence on what is wrong and one on what to do."""


class Stopped(Exception):
    """The person asked to stop while something was still starting."""
