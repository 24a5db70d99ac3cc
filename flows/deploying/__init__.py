"""How the flows stand on a Prefect server: what is registered there, and what a run tells it."""
