"""The write log beside a bare PUT, a bare Chroma and LanceDB: ``python -m benchmarks.log``, see ../README.md.

``measure.py`` starts the processes that are measured (``writing.py``, ``load.py``, ``replay.py`` after ``filling.py``,
``seeing_writer.py`` with ``seeing_reader.py``), and each of these tells what it found as one line of JSON.
"""
