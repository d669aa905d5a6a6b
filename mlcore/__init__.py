"""The machine learning of Second Read: no Django, no database, usable alone as ``python -m mlcore``."""
