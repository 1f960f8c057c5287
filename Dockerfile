FROM python:3.12-slim-bookworm AS build

WORKDIR /src
COPY requirements-dev.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r requirements-dev.lock
COPY shared shared
COPY workers workers
COPY tasks tasks
COPY schedules schedules
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

# What runs has none of the tools that built and tested it, and neither the sandbox nor the demo.
FROM python:3.12-slim-bookworm AS production

# LightGBM reads GNU's OpenMP library, which the slim image and the wheel leave out.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --shell /usr/sbin/nologin capliquify
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl

USER capliquify
ENTRYPOINT ["capliquify"]
CMD ["worker"]

# `docker build --target sandbox .`: the same with the stand-ins of the vendors.
FROM production AS sandbox

COPY sandbox /opt/stand-ins/sandbox
ENV PYTHONPATH=/opt/stand-ins
CMD ["sandbox", "--seed", "1"]

# Without `--target` the image is what runs.
FROM production
