"""How long, how large, how much memory: thoth-storage beside restic, ``cp`` and fsspec by hand. See README.md."""
