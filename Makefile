# Everything runs in .venv, which `setup` makes and keeps current. `make help` lists the targets.

VENV  := .venv/bin
PY    := $(VENV)/python
RUHU  := $(VENV)/ruhu
PHONE := $(VENV)/ruhu-phone
DEMO  := tests/demo.py
REPORTS := .pytest_cache/reports
ARGS  ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo run serve app phone screenshots phone-env test check bench bench-console bench-photos format lock

help:  ## 列出命令 / list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## 建立 .venv，装好依赖 / make .venv with the locked dependencies
	@sh .ci/setup

demo: setup  ## 两部手机、一台服务器、一次冲突的完整演示 / the whole story: two phones, one server, one conflict
	@$(PY) -P $(DEMO) $(ARGS)

run: setup  ## 用演示数据启动服务器和控制台 / start server and console with demo data
	@$(RUHU) run $(ARGS)

serve: setup  ## 启动服务器 / start the server (ARGS="--port 8000")
	@$(RUHU) serve $(ARGS)

app: setup  ## 在电脑上打开手机应用 / the phone's app in a window (RUHU_HOME=DIR keeps its profiles there)
	@$(PY) -m mobile.main

screenshots: setup  ## 每一页存一张图：应用和控制台 / a picture of every page of app and console in docs/screenshots
	@$(PY) -m tests.journeys.pictures $(or $(ARGS),docs/screenshots)
	@$(PY) -m tests.browser.pictures $(or $(ARGS),docs/screenshots)

phone-env: setup  ## 只装手机里有的包，再跑一遍界面测试 / the screens' tests once more with only what the phone's build has
	@$(PY) tests/packaging/phone_env.py $(ARGS)

phone: setup  ## 终端手机 / the terminal phone (ARGS="--profile DIR list")
	@$(PHONE) $(ARGS)

# Two cores, two halves: what opens windows, browsers and servers, and all the rest; beside them what mostly waits: for a slow line,
# for servers that are killed and started.
# With ARGS it is one run, as asked. A test that needs root and has none skips with the reason "needs root: WHAT"; those are named at the
# end, never passed.
EYES := tests/browser tests/console tests/journeys tests/pages tests/ui
LINE := tests/photos/test_slow_line.py tests/photos/test_uploads_at_a_server.py tests/photos/test_phone_sends.py
test: check  ## 检查并跑全部测试 / checks, then every test (ARGS="-k word")
	@echo "== 测试 / pytest"
	@mkdir -p $(REPORTS); rm -rf $(REPORTS)/*; \
	aside() { $(PY) -m pytest $$2 -o cache_dir=$(REPORTS)/cache-$$1 --junitxml=$(REPORTS)/$$1.xml >$(REPORTS)/$$1.log 2>&1; echo $$? >$(REPORTS)/$$1.code; }; \
	if [ -n "$(ARGS)" ]; then \
	  $(PY) -m pytest --junitxml=$(REPORTS)/all.xml $(ARGS); code=$$?; \
	else \
	  aside eyes "$(EYES)" & aside line "$(LINE)" & \
	  $(PY) -m pytest $(EYES:%=--ignore=%) $(LINE:%=--ignore=%) --junitxml=$(REPORTS)/rest.xml; code=$$?; \
	  wait; \
	  echo "== 另一半：窗口、浏览器、服务器 / the other half: $(EYES)"; cat $(REPORTS)/eyes.log; \
	  echo "== 慢线路 / the slow line: $(LINE)"; cat $(REPORTS)/line.log; \
	  for part in eyes line; do [ "$$(cat $(REPORTS)/$$part.code)" = 0 ] || code=1; done; \
	fi; \
	left=$$(cat $(REPORTS)/*.xml 2>/dev/null | grep -o 'message="needs root: [^"]*"' | sed 's/^message="needs root: //; s/"$$//' | sort | uniq -c); \
	if [ -n "$$left" ]; then \
	  echo "== 无 root 权限而未做，不算通过 / not run for want of root, not counted as passed:"; echo "$$left"; \
	else \
	  echo "== 无 root 权限而未做 / not run for want of root: 无 / none"; \
	fi; \
	exit $$code

check: setup  ## 格式、规范、类型、导入 / format, lint, types, import contracts
	@echo "== 格式 / ruff format" && $(PY) -m ruff format --check .
	@echo "== 规范 / ruff check" && $(PY) -m ruff check .
	@echo "== 类型 / mypy" && $(PY) -m mypy
	@echo "== 导入 / import contracts" && $(VENV)/lint-imports --no-logo

bench: setup  ## 速度对照 / figures against peers, with the machine
	@$(PY) -m bench $(ARGS)

bench-console: setup  ## 控制台的速度，二十万次走访 / the console with 200,000 visits (ARGS="--keep DIR")
	@$(PY) -m bench.console $(ARGS)

bench-photos: setup  ## 千张照片与记录同传 / 1,000 photos by 50 phones while records sync
	@$(PY) -m bench.photos $(ARGS)

format: setup  ## 整理代码 / format and fix the code
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

# Maintainers only: needs uv on PATH. Keeps the pinned versions unless ARGS=--upgrade.
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --no-config --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url $(ARGS) pyproject.toml
lock:
	$(LOCK) --extra server --extra postgres --extra mobile --extra dev -o requirements/setup.txt
	$(LOCK) --extra mobile -c requirements/setup.txt -o requirements/mobile.txt
