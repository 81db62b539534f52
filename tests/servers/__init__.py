"""Real servers on the loopback interface, for tests and benchmarks: see README.md beside this file.

A client is only tested where its bytes cross a socket, so nothing here replaces a class of gcsfs, s3fs or
aiohttp. ``tests.servers.gcs`` and ``tests.servers.s3`` are imported by name; this module stays empty because
moto alone takes half a second to import.
"""
