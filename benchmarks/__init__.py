"""What the project is measured with: `make bench` does all of it, `python -m benchmarks.NAME` one part."""
