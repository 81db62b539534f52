"""The live store beside Chroma, a raw download and LanceDB: ``python -m benchmarks.live``, see ../README.md.

``measure.py`` starts a process for whatever is measured (``overhead.py``, ``checkpoints.py``, ``start_*.py``, ...), and
each of these tells what it found as one line of JSON.
"""
