# `make demo` and `make test` do everything on a machine with Python 3.11+, git and make.

PYTHON ?= python3
VENV ?= .venv
SERVE ?= 1
PORT ?= 8000
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS := painter,api,celery,s3,masks,metrics,health,onnx,train,dev

PHOTOS ?= photos
STYLES ?= styles
OUT ?= var/training

.PHONY: help install demo train test unit browser integration lint types layers format clean

help:
	@echo "make demo [SERVE=0] [PORT=8000]  the example store with restyled products"
	@echo "make train PHOTOS=… STYLES=… OUT=…   the painter's weights, see docs/training.md"
	@echo "make test                        lint, types, layers and every test that can run here"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py demo --address http://127.0.0.1:$(PORT)
ifneq ($(SERVE),0)
	@$(BIN)/python manage.py restyle_worker & worker=$$!; trap 'kill $$worker' EXIT INT TERM; \
		$(BIN)/python manage.py runserver 127.0.0.1:$(PORT)
endif

# make train PHOTOS="photos more.tar" STYLES=styles OUT=runs/first [ARGS="--perceptual vgg16.npz --set steps=2000"]
train: $(STAMP)
	$(BIN)/python -m styletransfer.training --photos $(PHOTOS) --styles $(STYLES) --out $(OUT) $(ARGS)

# The integration tests wait for most of their time, so types and layers are checked beside them.
test: lint
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory browser
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target integration types layers

unit: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not integration and not e2e"

browser: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m e2e tests/e2e

# First what promises people a time to wait, by itself; then the rest, which only has to come out right.
integration: $(STAMP)
	$(BIN)/python -m pytest -m "integration and alone"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "integration and not alone"

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	nice -n 10 $(BIN)/mypy

layers: $(STAMP)
	nice -n 10 $(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) var build dist test-output
