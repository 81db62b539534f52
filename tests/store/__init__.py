"""The vector store: a Chroma that lives at a URL."""
