#!/bin/sh
# Makes .venv from a locked requirements file (base or dev). Does nothing when nothing changed.
# usage: tools/setup.sh base|dev
set -eu

kind=${1:-base}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
python=.venv/bin/python

say() { printf '%s\n' "$*" >&2; }
die() { say "✘ $*"; exit 1; }

find_python() {
    for name in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python3.14; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    die "需要 Python 3.11 或更新版本，这台机器上没有找到。安装之后再试，或用 PYTHON=路径 指定。(Python >= 3.11 is needed.)"
}

# Debian keeps venv in a package of its own.
ensure_venv_module() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && return
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "正在安装 python$version-venv…"
        { apt-get update -qq && apt-get install -y -qq "python$version-venv"; } >/dev/null 2>&1 && return
    fi
    die "这个 Python 没有 venv 模块。请先运行：apt install python$version-venv"
}

# What the environment was made from: the lock, the interpreter, the place.
fingerprint() {
    cat "requirements/$1.txt" - <<END | cksum
$("$python" -c 'import sys; print(sys.version)' 2>/dev/null || echo none)
$root
END
}

is_fresh() {
    [ -x "$python" ] && [ -f ".venv/.made-$1" ] && [ "$(fingerprint "$1")" = "$(cat ".venv/.made-$1")" ]
}

# pip's own lines become one line that counts; a terminal sees it move, a log sees every twentieth.
count_lines() {
    total=$(grep -c '^[A-Za-z0-9].*==' "requirements/$kind.txt")
    [ -t 2 ] && tty=1 || tty=0
    awk -v total="$total" -v tty="$tty" '
        /^(Collecting|Processing) / { n++; if (tty) printf "\r\033[K  取依赖 %d/%d  %s", n, total, $2 > "/dev/stderr"
                         else if (n % 20 == 0) printf "  取依赖 %d/%d\n", n, total > "/dev/stderr" }
        /^Installing collected/ { if (tty) printf "\r\033[K"  > "/dev/stderr"; printf "  正在安装 %d 个包…\n", n > "/dev/stderr" }
        /^ERROR|^  ERROR/ { print > "/dev/stderr" }
        { fflush() }'
}

install() {
    failed=$(mktemp)
    { "$python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
        --require-hashes --only-binary :all: --no-binary lunar-python --no-deps -r "requirements/$kind.txt" 2>&1 || echo failed >"$failed"; } | count_lines
    if [ -s "$failed" ]; then
        rm -f "$failed"
        die "依赖没有装好。请检查网络和包仓库的设置（pip config list），再运行一次；已取到的不会重取。"
    fi
    rm -f "$failed"
}

write_command() {
    site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$root" >"$site/gonghui.pth"
    printf '#!/bin/sh\nexec "%s/.venv/bin/python" -m gonghui "$@"\n' "$root" >.venv/bin/gonghui
    chmod +x .venv/bin/gonghui
}

[ -f "requirements/$kind.txt" ] || die "没有 requirements/$kind.txt。"
is_fresh "$kind" && exit 0
[ "$kind" = base ] && is_fresh dev && exit 0 # dev holds all of base

base_python=$(find_python)
if ! "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    ensure_venv_module "$base_python"
    say "正在建立 Python 环境（$("$base_python" --version)，.venv）…"
    "$base_python" -m venv --clear .venv || die "没能建立 .venv。"
fi
install
write_command
fingerprint "$kind" >".venv/.made-$kind"
