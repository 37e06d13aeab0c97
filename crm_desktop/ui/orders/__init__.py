"""Orders and contracts: their lines, deliveries, clauses and the steps they take."""
