"""What people write who need no more than a copy: fsspec's ``put`` and ``get`` of a whole directory.

``python -m benchmarks.by_hand put|get URL OPTIONS-AS-JSON DIRECTORY``
"""

from __future__ import annotations

import json
import os
import sys

# Read by gcsfs when it is imported: else it asks for the type of the bucket over gRPC, which no emulator answers.
os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")


def main(verb: str, url: str, options: str, directory: str) -> None:
    import fsspec

    fs, path = fsspec.core.url_to_fs(url, **json.loads(options))
    if verb == "put":
        fs.put(f"{directory}/", f"{path}/", recursive=True)
    else:
        fs.get(f"{path}/", f"{directory}/", recursive=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
