"""What leaves the agency beside reports, and what comes back: pushes to other agencies, requests for help (协查) and notices (通报)."""
