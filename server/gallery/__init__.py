"""Who can be recognised: immutable FAISS snapshots. FAISS runs on the calling thread alone."""

import os

# Read when FAISS is loaded; it would make a thread pool for each caller otherwise (faiss#2731).
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
