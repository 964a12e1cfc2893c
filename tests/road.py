"""What the road is walked with: the real web process and job worker on the test's database, and people with browsers."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonghui.benefits.tests.wire import database_url
from gonghui.config.launcher.orphans import LAUNCHER
from gonghui.kit.crypto import get_keyring
from gonghui.kit.tests.browser import ARGS, DESKTOP, PHONE, axe_findings, chromium_path
from gonghui.kit.tests.ports import free_port

START_TIMEOUT_S = 40
STOP_TIMEOUT_S = 15
WAIT_S = 15
CAMERA = (640, 480)
ALL_AT_REST = """() => document.getAnimations().every((each) => {
    const timing = each.effect.getTiming();
    return each.playState !== 'running' || timing.iterations === Infinity || timing.duration >= 1000;
})"""


@dataclass
class Processes:
    """Web and worker, each writing what it says to a file of its own."""

    folder: Path
    port: int
    started: list[subprocess.Popen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as said:
            line = [sys.executable, "-m", *command]
            self.started.append(subprocess.Popen(line, env=environment(), stdout=said, stderr=said))

    def said(self) -> dict[str, str]:
        return {path.stem: path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log"))}

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert all(each.poll() is None for each in self.started), self.said()
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"not ready: {self.said()}")

    def stop(self) -> None:
        for process in self.started:
            process.terminate()
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            process.kill()
            process.wait()


def environment() -> dict[str, str]:
    ours = {
        "DATABASE_URL": database_url(),
        "GONGHUI_KEYS": get_keyring().to_json(),
        "GONGHUI_SHOW_CODES": "1",
        "GONGHUI_LOG_LEVEL": "INFO",
        LAUNCHER: str(os.getpid()),  # killed tests leave no server behind
        "DJANGO_SETTINGS_MODULE": "gonghui.config.settings",
    }
    return {**os.environ, **ours}


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Processes]:
    processes = Processes(folder, free_port())
    try:
        processes.start("web", "gonghui.config.launcher.serve", "127.0.0.1", str(processes.port), "1")
        processes.start("worker", "gonghui", "worker")
        processes.wait_until_ready()
        yield processes
    finally:
        processes.stop()


# --- People -------------------------------------------------------------------------------------------------


class Traveller:
    """One person at one device: a page, its complaints, and pictures of where they come."""

    def __init__(self, context, url: str, name: str) -> None:
        self.context, self.url, self.name = context, url, name
        self.page = context.new_page()
        self.page.set_default_timeout(WAIT_S * 1000)
        self.complaints: list[str] = []
        self.findings: dict[str, list[str]] = {}
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, said) -> None:
        """Errors; a refusal in words is none, though Chromium prints its status."""
        if said.type == "error" and not re.search(r"status of (403|409|422)", said.text):
            self.complaints.append(f"{said.text} {said.location.get('url', '')}")

    def go(self, path: str) -> Any:
        self.page.goto(self.url + path, wait_until="load")
        return self.page

    def show_where(self) -> None:
        """For who reads the failure: what stood on the page last."""
        print(f"--- {self.name} at {self.page.url}\n{self.page.inner_text('body')[:1500]}\n{self.complaints}")

    def press(self, text: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=text, exact=True).first.click()

    def picture(self, name: str) -> None:
        """For the README, where somebody asked for pictures."""
        if folder := os.environ.get("GONGHUI_PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.rest()
            self.page.screenshot(path=Path(folder) / f"{name}-{self.page.viewport_size['width']}.png")

    def rest(self) -> None:
        """Past the entrance of sheets and cards, and half-way colours."""
        self.page.wait_for_timeout(50)
        self.page.wait_for_function(ALL_AT_REST)

    def look_closely(self, name: str) -> None:
        """Pictures of a member's page and what axe finds: in elder mode, and then as it is."""
        for elder in ("1", "0"):
            self.context.add_cookies([{"name": "elder", "value": elder, "url": self.url}])
            self.page.reload(wait_until="load")
            self.rest()
            self.picture(f"{name}-elder" if elder == "1" else name)
            if found := axe_findings(self.page):
                self.findings[f"{name}, elder {elder}"] = found

    def reload_until(self, condition: Callable[[str], bool], path: str) -> None:
        """For what a job does in the background."""
        deadline = time.monotonic() + WAIT_S
        while not condition(self.go(path).inner_text("main")):
            assert time.monotonic() < deadline, self.page.inner_text("main")
            self.page.wait_for_timeout(300)


class Travellers:
    """`member("mei")`, `staff("city_admin")`, `clerk(film)`: each with a browser session of their own."""

    def __init__(self, chromium, url: str) -> None:
        self.chromium, self.url = chromium, url
        self.all: list[Traveller] = []
        self._browsers: list = []

    def member(self, name: str) -> Traveller:
        return self._sent(self.chromium, name, PHONE)

    def staff(self, name: str) -> Traveller:
        return self._sent(self.chromium, name, DESKTOP)

    def clerk(self, film: Path) -> Traveller:
        """With this film before the camera of the phone."""
        args = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        args.append(f"--use-file-for-fake-video-capture={film}")
        browser = self.chromium.browser_type.launch(executable_path=chromium_path(), args=[*ARGS, *args])
        self._browsers.append(browser)
        return self._sent(browser, "clerk", PHONE, permissions=["camera"])

    def _sent(self, browser, name: str, size: tuple[int, int], **options) -> Traveller:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(
            viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai", **options
        )
        self.all.append(Traveller(context, self.url, name))
        return self.all[-1]

    def complaints(self) -> dict[str, list[str]]:
        return {each.name: each.complaints for each in self.all if each.complaints}

    def findings(self) -> dict[str, list[str]]:
        return {where: found for each in self.all for where, found in each.findings.items()}

    def go_home(self) -> None:
        for each in self.all:
            each.context.close()
        for browser in self._browsers:
            browser.close()


# --- Sheets, films, logs ------------------------------------------------------------------------------------


def film_of(picture: Any, path: Path) -> Path:
    """A film of one still picture for Chromium's fake camera, in raw YUV4MPEG2."""
    from PIL import Image

    side = CAMERA[1] - 40
    code = picture.convert("L").resize((side, round(side * picture.height / picture.width)))
    still = Image.new("L", CAMERA, 255)
    still.paste(code, ((CAMERA[0] - code.width) // 2, (CAMERA[1] - code.height) // 2))
    frame = b"FRAME\n" + still.tobytes() + bytes([128]) * (CAMERA[0] * CAMERA[1] // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 10)
    return path


def personal_data_in(text: str, known: list[str]) -> list[str]:
    """What is known of our people, and mobile numbers and resident IDs of whomever; eleven digits amid hex are none."""
    shaped = r"(?<![\da-f.])1[3-9]\d{9}(?![\da-f.])|(?<![\da-f])\d{17}[\dXx](?![\da-f])"
    return [each for each in known if each in text] + re.findall(shaped, text)
