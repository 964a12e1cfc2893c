"""PostgreSQL refuses to run as root. How to start it all the same, without touching the system's users."""

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunAs:
    """`prefix` goes before the command; the folder's files belong to `uid`."""

    name: str
    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switch: bool = False

    def popen_options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def give(self, *paths: Path) -> None:
        """Hand files and whole folders to the one who will use them."""
        for path in paths:
            inside = path.rglob("*") if path.is_dir() and path.stat().st_uid != self.uid else ()
            for each in (*inside, path):
                if each.lstat().st_uid != self.uid:
                    os.chown(each, self.uid, self.gid, follow_symlinks=False)


def ways_to_run(folder: Path, program: str) -> list[RunAs]:
    """The ways worth trying, best first. An ordinary user has one; root has a namespace and another uid."""
    if os.geteuid() != 0:
        return [RunAs("当前用户", os.geteuid(), os.getegid())]
    owner = owner_of(folder)
    ways = [in_namespace(), other_user(owner, folder, program)]
    return [way for way in (ways if owner == 0 else reversed(ways)) if way]


def owner_of(folder: Path) -> int:
    """Whose folder it is, or would be: a checkout in somebody's home is run as that somebody."""
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_uid


def in_namespace() -> RunAs | None:
    """Root that does not look like root: files stay root's. Plain containers refuse it."""
    if not sys.platform.startswith("linux") or not shutil.which("unshare"):
        return None
    refused = subprocess.run(["unshare", "-U", "true"], capture_output=True, check=False).returncode
    return None if refused else RunAs("用户命名空间", 0, 0, ("unshare", "-U", "--"))


def other_user(owner: int, folder: Path, program: str) -> RunAs | None:
    account = named_account(owner) or named_account(int(os.environ.get("SUDO_UID", "0"))) or first_account()
    if account is None:
        return None
    uid, gid = account.pw_uid, account.pw_gid
    if can_reach(uid, gid, folder, program):
        return RunAs(f"用户 {account.pw_name}", uid, gid, switch=True)
    if not shutil.which("setpriv"):
        return None
    # The checkout lies in a folder only root may enter (/root): keep the one capability that walks through.
    # Without the secure bit access(2) ignores the capability, and initdb asks access(2) for its programs.
    caps = (
        "--securebits=+no_setuid_fixup",
        "--inh-caps=-all,+dac_override",
        "--ambient-caps=-all,+dac_override",
    )
    command = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *caps, "--")
    return RunAs(f"用户 {account.pw_name}", uid, gid, command)


def named_account(uid: int) -> pwd.struct_passwd | None:
    """initdb insists on a name for its user; uid 0 is what we came from."""
    try:
        return pwd.getpwuid(uid) if uid else None
    except KeyError:
        return None


def first_account() -> pwd.struct_passwd | None:
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts.get("nobody")


def can_reach(uid: int, gid: int, folder: Path, program: str) -> bool:
    while not folder.exists():
        folder = folder.parent
    check = ["test", "-x", program, "-a", "-x", str(folder)]
    return subprocess.run(check, user=uid, group=gid, extra_groups=[], check=False).returncode == 0
