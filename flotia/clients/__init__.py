"""The clients that ask real models, and one for tests. HTTP and model libraries are imported here and nowhere else."""
