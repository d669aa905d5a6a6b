"""Becomes another program that cannot outlive the process that started it.

    python -I -S launch.py PARENT DEATH_SIGNAL ACCOUNT PROGRAM [ARGUMENT...]

PARENT is the process id to live and die with, DEATH_SIGNAL what the program gets when PARENT is gone, ACCOUNT the
unprivileged user to become ("-" to stay who we are). A program of its own, because what runs between fork and exec
must not share a process with anything else. Runs by its path, so it imports nothing of this package.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def tied(command: list[str], *, death_signal: signal.Signals, account: str | None = None) -> list[str]:
    """The command line that runs `command` by way of this program, tied to the life of the calling process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal)), account or "-", *command]


def become(account: str) -> None:
    """Give up root for the user named `account`, for good."""
    entry = pwd.getpwnam(account)
    os.setgroups([])
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)


def die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel for `death_signal` when `parent`, which started us, ends. A later change of user undoes it."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it ended before we had asked
        sys.exit(1)


def main() -> None:
    """Follow the command line above."""
    parent, death_signal, account, *program = sys.argv[1:]
    if account != "-":
        become(account)
    die_with(int(parent), int(death_signal))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        os.execvp(program[0], program)  # noqa: S606  the point is to run without a shell
    except FileNotFoundError:
        sys.stderr.write(f"{program[0]}: no such command.\n")
        sys.exit(127)  # as a shell would


if __name__ == "__main__":
    main()
