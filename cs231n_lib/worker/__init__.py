"""The side of grading that runs inside the sandbox: it holds no answers and no secrets."""
