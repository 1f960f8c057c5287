FROM python:3.12-slim-bookworm

RUN useradd --create-home --shell /usr/sbin/nologin capliquify
WORKDIR /app
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir -r requirements.lock
COPY shared shared
COPY workers workers
COPY tasks tasks
COPY schedules schedules
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER capliquify
ENTRYPOINT ["capliquify"]
CMD ["worker"]
