"""`python -m mlcore`: train, evaluate, predict, segment, benchmark."""

import argparse
import importlib
import os
import sys

_COMMANDS = {
    "train": "train a model on a folder of images and write a bundle",
    "evaluate": "measure a model on a folder of images",
    "predict": "read images with a model",
    "segment": "write the nucleus masks of images",
    "benchmark": "measure images a second and latency of each engine",
    "export": "write a model's form for the serving engine",
    "draw": "draw images from a seed",
}

_STOPPED = 130  # what a shell gives a command ended by Ctrl-C


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m mlcore", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # Only the chosen command is imported: `predict` must not wait ten seconds for what only `train` needs.
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    module = importlib.import_module(f"mlcore.commands.{chosen}") if chosen in _COMMANDS else None
    for name, text in _COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text)
        if name == chosen and module is not None:
            module.add_arguments(subparser)
    parsed = parser.parse_args(arguments)
    if module is None:
        parser.error("choose a command")
    try:
        status: int = module.run(parsed)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return _STOPPED
    except BrokenPipeError:  # whoever reads our output has enough of it
        sys.stdout = None  # else Python would complain when it flushes at exit
        return 0
    except OSError as error:  # a full disk, a folder that may not be written to
        sys.stderr.write(f"{error.filename or parsed.command}: {error.strerror or error}\n")
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
