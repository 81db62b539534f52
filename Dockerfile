# The service in a container: docker build --build-arg EMBEDDER=lexical -t thoth-mcp-server .
# For a build that is the same next year, pass PYTHON_IMAGE with a digest.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE} AS build
ENV PIP_CONSTRAINT=/src/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY . .
# kubernetes is a fifth of the image, and only Chroma's distributed servers import it.
RUN python -m venv /opt/thoth \
    && /opt/thoth/bin/pip install --quiet ".[service,otel]" ./plugins/thoth-storage-local ./plugins/thoth-storage-gcs \
    && /opt/thoth/bin/pip check \
    && /opt/thoth/bin/pip uninstall --quiet --yes kubernetes pip

# Chroma's model (80 MB) where it is chosen: an instance must not download it, nor start with another than the last one.
# /home, because that is what Cloud Run sets HOME to, and Chroma looks below it.
ARG EMBEDDER=default
ENV HOME=/home
RUN mkdir -p /home/.cache \
    && if [ "$EMBEDDER" = default ]; then \
         /opt/thoth/bin/python -c "from chromadb.utils.embedding_functions import DefaultEmbeddingFunction as F; F()(['a'])" \
         && rm -f /home/.cache/chroma/onnx_models/*/onnx.tar.gz; \
       fi

# hadolint ignore=DL3006
FROM ${PYTHON_IMAGE}
ARG EMBEDDER=default
RUN useradd --system --uid 10001 --home-dir /home --no-create-home --shell /usr/sbin/nologin thoth \
    && install -d -o thoth -g thoth /home/.cache /var/cache/thoth \
    && rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip*
COPY --from=build /opt/thoth /opt/thoth
COPY --from=build --chown=thoth:thoth /home/.cache /home/.cache
ENV PATH=/opt/thoth/bin:$PATH \
    HOME=/home \
    PYTHONUNBUFFERED=1 \
    PORT=8080 \
    THOTH_STORAGE_CACHE_DIR=/var/cache/thoth \
    THOTH_STORAGE_EMBEDDER=${EMBEDDER}
USER 10001:10001
WORKDIR /var/cache/thoth
EXPOSE 8080
# Cloud Run has probes of its own (infra/cloud_run.tf); this is for docker run.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=8)"]
# Inside a container its own loopback reaches nobody.
CMD ["thoth-storage", "serve", "--host", "0.0.0.0"]
