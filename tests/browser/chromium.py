"""Debian's chromium without a screen, with a page in it as large as somebody's screen."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import install
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

LAPTOP, PHONE = (1366, 900), (390, 844)
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
)
SECONDS = 30
# Where CI keeps what it made; else beside axe-core.
SCREENSHOTS = Path(os.environ.get("ARTIFACTS", install.CACHE)) / "screenshots"


def is_there() -> bool:
    """Tell whether everything is installed."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver") and install.AXE_FILE.exists())


class Browser:
    """One page in a browser."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver: Any = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        # Nothing is there but the file.
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
        )

    def open(self, path: Path, size: tuple[int, int] = LAPTOP, *, dark: bool = False) -> None:
        """Open a file anew, in a window of this size."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(path.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, what: Callable[[], Any]) -> Any:
        """Return what is true once it is."""
        end = time.monotonic() + SECONDS
        while not (found := what()):
            assert time.monotonic() < end, "it never became true"
            time.sleep(0.02)
        return found

    def said(self) -> list[str]:
        """Return what the page wrote on the console since it was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return window.innerWidth")
        metrics = {"width": width, "height": min(height, 8000), "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    def violations(self) -> list[str]:
        """Return what axe-core finds wrong, each with the first element of it."""
        self.run(install.AXE_FILE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run().then((found) => done(found.violations));"
        )
        return [f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:200]}" for one in found]
