"""Requests for help between provinces (协查) and notices (通报): opened, sent, received, paired, answered, reminded of, closed."""
