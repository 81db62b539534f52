"""One file an idea of the floors below the repository: errors, keys, URLs, plugins, wrappers, the fsspec base class."""
