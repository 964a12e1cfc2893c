# 工惠 Gonghui. `make` alone lists the targets. Works with GNU make 3.81 and newer.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
ARGS ?=
# Processes are started by the hundred: what Python compiled is kept, whatever the shell says.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo up test check lint fmt bench world doctor new-app base dev frontend browser clean

help: ## 列出所有目标 · this list
	@printf '\n  工惠 Gonghui — make 目标 [ARGS="…"]\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[36m%-10s\033[0m %s\n", $$1, $$2 }' Makefile
	@printf '\n'

demo: base ## 两步之一：看产品，建好演示数据并启动 · build the demo world and serve it
	@exec $(PY) -m gonghui demo $(ARGS)

up: base ## 启动（不建演示数据）· serve without a demo world
	@exec $(PY) -m gonghui up $(ARGS)

test: dev frontend browser ## 两步之二：跑全部测试 · every test, browser tests included
	@exec $(PY) -m pytest $(ARGS)

check: dev frontend browser ## 提交前：格式、规矩、类型、测试，快的在前 · all checks, fastest first
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports
	$(PY) -m tools.tidy
	$(PY) -m mypy gonghui
	$(PY) -m gonghui manage makemigrations --check --dry-run
	$(PY) -m pytest $(ARGS)

lint: dev ## 只查格式和规矩 · style and imports only
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports
	$(PY) -m tools.tidy

fmt: dev ## 整理格式 · format the code
	$(PY) -m ruff check --fix --quiet . || true
	$(PY) -m ruff format .

bench: dev ## 性能测量，打印一张表 · measure, one table
	@exec $(PY) -m gonghui bench $(ARGS)

world: base ## 建演示数据：make world SIZE=province（或 small、city）· build a demo world
	@exec $(PY) -m gonghui world build $(if $(SIZE),--size $(SIZE)) $(ARGS)

doctor: base ## 体检：哪里不对，下一步做什么 · what is wrong, in words
	@exec $(PY) -m gonghui doctor $(ARGS)

new-app: dev ## 搭一个新应用：make new-app ARGS="stations --beside activities --title 服务站点" · scaffold an app
	@exec $(PY) -m gonghui new-app $(ARGS)

base: ## 只建运行环境 · the environment to run
	@tools/setup.sh base

dev: ## 只建开发环境 · the environment to develop and test
	@tools/setup.sh dev

frontend: ## 只取前端文件 · fetch the front-end files
	@$(PY) -m gonghui.config.launcher.frontend

browser:
	@tools/browser.sh

clean: ## 删掉环境和取来的文件；数据 .gonghui 留着 · remove what was installed, keep the data
	rm -rf .venv frontend/node_modules frontend/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find gonghui tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
