"""The documents: what they say is so, and what is so they say."""
