"""Cases: findings of many nights become one case per fingerprint, with its spells, its age and its exemptions."""
