"""``python -m thoth_storage`` is ``thoth-storage``."""

from thoth_storage.cli import main

main()
