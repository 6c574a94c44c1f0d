"""Data-quality checks: expectation suites and SQL rules, pushed down to the engine."""
