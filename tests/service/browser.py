"""A real Chromium without a window, told what to do by its own protocol for developers."""

from __future__ import annotations

import base64
import itertools
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

__all__ = ["Browser", "browser"]


class Browser:
    """One tab. ``requested`` has every address that it asked for, ``complaints`` what it said of the page."""

    def __init__(self, connection: ClientConnection) -> None:
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self._connection = connection
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self._loaded = False
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        told = {"id": number, "method": method, "params": parameters}
        self._connection.send(json.dumps(told | ({"sessionId": self._session} if self._session else {})))
        while True:
            message = self._read()
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]

    def show(self, url: str, width: int, height: int, *, dark: bool = False, scripts: bool = True) -> None:
        """As a window of that size would, which is a phone's when it is narrow."""
        phone = width < 600
        self.do(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1 + phone, mobile=phone
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self.do("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._loaded = False
        self.do("Page.navigate", url=url)
        while not self._loaded:
            self._read()

    def send(self, selector: str, text: str) -> None:
        """Type into a field, press Enter, and wait for the page that comes."""
        root = self.do("DOM.getDocument")["root"]["nodeId"]
        self.do("DOM.focus", nodeId=self.do("DOM.querySelector", nodeId=root, selector=selector)["nodeId"])
        self.do("Input.insertText", text=text)
        self._loaded = False
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        self.do("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
        while not self._loaded:
            self._read()

    def evaluate(self, expression: str) -> Any:
        return self.do("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def picture(self, file: Path) -> None:
        """All of the page, as PNG."""
        file.parent.mkdir(parents=True, exist_ok=True)
        taken = self.do("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))

    def _read(self) -> Any:
        message = json.loads(self._connection.recv(timeout=30))
        parameters = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent":
                self.requested.append(parameters["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Page.javascriptDialogOpening":
                self.complaints.append(str(parameters))
        return message


@contextmanager
def browser() -> Iterator[Browser]:
    """One that is not installed is an error: who asks for these tests has it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        words = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        words += ["--disable-background-networking", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
        words += [f"--user-data-dir={profile}", "about:blank"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                said = ""
                while not (found := re.search(r"listening on (ws://\S+)", said)):
                    said = process.stderr.readline()
                    assert said, "chromium ended"
                with connect(found[1], max_size=1 << 26) as connection:
                    yield Browser(connection)
            finally:
                process.kill()
                process.stderr.close()
