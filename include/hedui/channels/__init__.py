"""Bank channels: how much comes, how long it takes to the treasury and to 社保's books, what is refused, when it falls silent."""
