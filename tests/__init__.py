"""The tests of the project, and the servers that they talk to."""
