"""Looks the locked packages up among known vulnerabilities, for `make audit`. Ends with 0 only when all were looked up
and none is known to be vulnerable: a list that could not be reached is not a clean one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.txt"
VULNERABLE, NOT_KNOWN = 1, 2


def looked_up() -> list[dict[str, Any]]:
    """What pip-audit found of each locked package; nothing where it could not work at all."""
    command = [str(Path(sys.executable).parent / "pip-audit"), "--requirement", str(LOCK), "--require-hashes"]
    done = subprocess.run(  # noqa: S603  our own command line
        [*command, "--disable-pip", "--progress-spinner", "off", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        sys.stdout.write(f"pip-audit could not work: {last}\n")
        return []
    return found


def main() -> int:
    """Say what was found, a line for each vulnerability."""
    packages = looked_up()
    unknown = [one for one in packages if "skip_reason" in one]
    vulnerable = [one for one in packages if one.get("vulns")]
    for one in vulnerable:
        for flaw in one["vulns"]:
            better = ", ".join(flaw["fix_versions"]) or "no version yet"
            sys.stdout.write(f"{one['name']} {one['version']}: {flaw['id']}, mended in {better}\n")
    sys.stdout.write(f"{len(packages) - len(unknown)} of {len(packages)} packages looked up, ")
    sys.stdout.write(f"{len(vulnerable)} known to be vulnerable.\n")
    if unknown or not packages:
        sys.stdout.write("The list of vulnerabilities could not be reached for the others: this is no clean result.\n")
    return VULNERABLE if vulnerable else NOT_KNOWN if unknown or not packages else 0


if __name__ == "__main__":
    sys.exit(main())
