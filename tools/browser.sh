#!/bin/sh
# Sees to a Chromium with Chinese fonts for the browser tests; says in one line when there is none.
have() { command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome; }
fonts() { ! command -v fc-list >/dev/null 2>&1 || [ -n "$(fc-list :lang=zh family 2>/dev/null | head -n 1)" ]; }

[ -n "${GONGHUI_CHROMIUM:-}" ] && [ -x "${GONGHUI_CHROMIUM:-}" ] && exit 0
command -v chromium-headless-shell >/dev/null 2>&1 && fonts && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "正在安装 chromium 和中文字体（浏览器测试要用）…" >&2
    export DEBIAN_FRONTEND=noninteractive
    add() { timeout 120 apt-get install -y -qq --no-install-recommends "$@" fonts-noto-cjk fontconfig; }
    # The shell without windows opens a page several times faster; older systems have the whole browser only.
    { timeout 60 apt-get update -qq && { add chromium-headless-shell || have || add chromium; }; } >/dev/null 2>&1
fi
have >/dev/null 2>&1 || echo "没有 Chromium，也不能安装：浏览器测试将跳过（要跑它们请安装 chromium 和 fonts-noto-cjk）。" >&2
exit 0
