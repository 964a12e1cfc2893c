"""What the road is walked with: people with browsers, a film for a camera, and what their logs may not say."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gonghui.kit.tests.browser import ARGS, DESKTOP, PHONE, axe_findings, chromium_path, device

WAIT_S = 15
CAMERA = (640, 480)
ALL_AT_REST = """() => document.getAnimations().every((each) => {
    const timing = each.effect.getTiming();
    return each.playState !== 'running' || timing.iterations === Infinity || timing.duration >= 1000;
})"""


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
        context = device(browser, self.url, size, service_workers="allow", **options)
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
