"""The SQL of a correction bundle: the same set-based statements for rehearsal, execution and the scripts that people run."""
