"""A hook of mkdocs: files that are not under docs/ become pages of the site too, and links to them lead there.

The documents are read in the repository, in the wheel and as a site. A link is written as it works in the repository
(``../examples/live_store/``), and is turned here.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "benchmarks/README.md": "benchmarks-readme.md",
    "examples/live_store/README.md": "examples/live_store.md",
    "examples/parallel_ingest/README.md": "examples/parallel_ingest.md",
    "examples/thoth-storage-share/README.md": "examples/thoth-storage-share.md",
}
"""Where in the repository, and where on the site."""
CODE = {
    "examples/live_store/README.md": ["main.py"],
    "examples/parallel_ingest/README.md": ["main.py"],
    "examples/thoth-storage-share/README.md": [
        "pyproject.toml",
        "thoth_storage_share/__init__.py",
        "tests/test_conformance.py",
    ],
}
"""What a page shows below its text. Links to these files lead to their headings."""
TEXT_ONLY = {"LICENSE"}
"""Links to these become plain text: they are no pages."""

_LINK = re.compile(r"\[(?P<text>[^\]\n]*)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for source, target in PAGES.items():
        files.append(File.generated(config, target, content=_with_code(source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    here = page.file.src_uri
    source = next((source for source, target in PAGES.items() if target == here), f"docs/{here}")
    return _LINK.sub(lambda link: _turned(link, source, here), markdown)


def _with_code(source: str) -> str:
    parts = [(ROOT / source).read_text(encoding="utf-8")]
    for name in CODE.get(source, ()):
        language = {".py": "python", ".toml": "toml"}[Path(name).suffix]
        code = (ROOT / source).with_name(name) if "/" not in name else (ROOT / source).parent / name
        parts.append(f"\n## `{name}` {{ #{_anchor(name)} }}\n\n```{language}\n{code.read_text(encoding='utf-8')}```\n")
    return "".join(parts)


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _turned(link: re.Match[str], source: str, here: str) -> str:
    """A link of the repository as one of the site; what leads nowhere is left as it is, and mkdocs refuses it."""
    if "://" in link["target"]:
        return link[0]
    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), link["target"]))
    if wanted in TEXT_ONLY:
        return link["text"]
    if source in CODE and (name := posixpath.relpath(wanted, posixpath.dirname(source))) in CODE[source]:
        return f"[{link['text']}](#{_anchor(name)})"
    target = PAGES.get(wanted) or PAGES.get(f"{wanted}/README.md")
    if target is None and wanted.startswith("docs/"):
        target = wanted.removeprefix("docs/")
    if target is None:
        return link[0]
    return f"[{link['text']}]({posixpath.relpath(target, posixpath.dirname(here) or '.')}{link['anchor'] or ''})"
