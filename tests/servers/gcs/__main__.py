"""``python -m tests.servers.gcs [PORT] [--bucket NAME] [--latency SECONDS]``"""

from tests.servers.common import main

from .server import GcsServer

main(GcsServer, "tests.servers.gcs")
