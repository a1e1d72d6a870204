# Its commands are run natively by tests/test_compose.py; no check of ours builds the image.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt packed-data.txt hatch_build.py README.md ./
COPY server server
COPY client client
COPY frontend frontend
COPY templates templates
RUN pip wheel --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 layerlab && install -d -o layerlab /data
COPY --from=build /src/constraints.txt /wheels/*.whl /tmp/
RUN pip install --no-cache-dir -c /tmp/constraints.txt /tmp/*.whl && rm /tmp/*.whl /tmp/constraints.txt
USER layerlab
ENV LAYERLAB_HOST=0.0.0.0 \
    LAYERLAB_PORT=8000 \
    LAYERLAB_DATA_DIR=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"LAYERLAB_PORT\"]}/healthz', timeout=4)"]
CMD ["layerlab", "serve"]
