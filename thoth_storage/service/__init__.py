"""The service: a store at a URL for others to use, by MCP and by HTTP. ``docs/service.md`` tells what it promises.

``serving.serve`` runs it. The web libraries are imported when that is called, and by nobody else.
"""
